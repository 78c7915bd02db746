/** The error codes of client registration (RFC 7591 §3.2.2). */
export type MetadataErrorCode = "invalid_redirect_uri" | "invalid_client_metadata";

/** The metadata that a client has about itself is invalid (RFC 7591 §3.2.2). */
export class MetadataError extends Error {
  override readonly name = "MetadataError";
  readonly code: MetadataErrorCode;
  /** Names the field. Printable ASCII, but may contain a redirect URI: not for the log. */
  readonly description: string;

  constructor(code: MetadataErrorCode, description: string) {
    super(code);
    this.code = code;
    this.description = description.replaceAll(/[^\x20-\x7e]|["\\]/g, "?");
  }
}

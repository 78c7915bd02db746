import { problemOfPublicUrl } from "../protocol/public-url.ts";

/** The setting `CIMD`: the hosts, with their ports, whose metadata documents are accepted. */
export type DocumentPolicy = "off" | "open" | readonly string[];

/**
 * Whether the document at a URL may be fetched: decided before anything is.
 *
 * @param ownHost of this service, which would call itself
 * @returns the problem, which completes a sentence such as "the client id ...", or null
 */
export function documentUrlProblem(
  url: string,
  policy: DocumentPolicy,
  ownHost: string,
): string | null {
  const problem = problemOfPublicUrl(url, ownHost);
  if (problem !== null || policy === "open") return problem;
  const isListed = policy !== "off" && policy.includes(new URL(url).host);
  return isListed ? null : "has a host whose documents are not accepted";
}

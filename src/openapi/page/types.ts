/** A Schema Object, as far as the page reads it. */
export interface SchemaObject {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaObject>>;
  readonly required?: readonly string[];
  readonly $ref?: string;
}

/** An example of a body, with its name. */
export interface Example {
  readonly summary: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Bodies by media type. */
export type Content = Readonly<
  Record<string, { readonly schema: SchemaObject; readonly examples?: Record<string, Example> }>
>;

/** A Parameter Object. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header" | "path";
  readonly required?: boolean;
  readonly description: string;
}

/** An Operation Object, with where it is. */
export interface PageOperation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >;
}

/** Follows a reference into the document. */
export type Resolve = (schema: SchemaObject) => SchemaObject;

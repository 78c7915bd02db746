/** The members of a Schema Object that the page reads. */
export interface SchemaObject {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaObject>>;
  readonly required?: readonly string[];
  readonly $ref?: string;
}

/** An example of a body. */
export interface Example {
  readonly summary: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Bodies by media type. */
type Content = Readonly<
  Record<string, { readonly schema: SchemaObject; readonly examples?: Record<string, Example> }>
>;

/** A Parameter Object. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header" | "path";
  readonly required?: boolean;
  readonly description: string;
}

/** An Operation Object with its method and path. */
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

/** Resolves a reference within the document. */
export type Resolve = (schema: SchemaObject) => SchemaObject;

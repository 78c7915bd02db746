/** What is particular to one example when it runs on this machine. */
export interface LocalExample {
  /** Settings of the token service. @param api origin of the example */
  readonly serviceVars: (api: string) => Readonly<Record<string, string>>;
  /** Variables of the example, apart from `ISSUER`. @param api its origin */
  readonly workerVars: (api: string) => Readonly<Record<string, string>>;
  /** What to print when both are ready. */
  readonly tour: (issuer: string, api: string) => string;
}

import { AUTHORIZATION, AUTHORIZATION_PAGE } from "./authorization.ts";
import { AUTHORIZATION_CODE } from "./authorization-code.ts";
import { CALLER } from "./caller.ts";
import { CLIENT } from "./client.ts";
import { CLIENT_DOCUMENT } from "./client-document.ts";
import { LIMITS } from "./limits.ts";
import { MANAGEMENT } from "./management.ts";
import { REFRESH_TOKEN } from "./refresh-token.ts";
import { REGISTRATION } from "./registration.ts";
import { REQUEST } from "./request.ts";
import type { ErrorRow } from "./row.ts";
import { LOAD, SERVICE } from "./service.ts";
import { USER } from "./user.ts";

export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export { MANAGEMENT } from "./management.ts";
export type { ErrorRow, WireError } from "./row.ts";

const REFUSALS = {
  ...REQUEST,
  ...CLIENT,
  ...USER,
  ...REFRESH_TOKEN,
  ...AUTHORIZATION_PAGE,
  ...AUTHORIZATION,
  ...AUTHORIZATION_CODE,
  ...CLIENT_DOCUMENT,
  ...REGISTRATION,
  ...CALLER,
  ...LIMITS,
  ...LOAD,
};

/** Why the service rejects a request. Only the log has it; clients see the row's wire facts. */
export type RefusalReason = keyof typeof REFUSALS;

/** Why a management function changes nothing. */
export type ManagementReason = keyof typeof MANAGEMENT;

/** Why the service fails. */
type FailureReason = keyof typeof SERVICE;

/** Every reason for which a request does not succeed, as the log has it. */
export type Reason = RefusalReason | ManagementReason | FailureReason;

/** The error catalogue: one row per reason. The wire, docs/errors.md and `explain` all read it. */
export const CATALOGUE: Readonly<Record<Reason, ErrorRow>> = {
  ...REFUSALS,
  ...MANAGEMENT,
  ...SERVICE,
};

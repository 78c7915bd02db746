import { ID_TOKEN_ALGORITHM, type SigningAlgorithm } from "../crypto/signing-keys.ts";
import { callWithDeadline } from "../isolate.ts";
import type { EndedSignIn } from "../tokens/logout-token.ts";
import { removeExpiredSessionClients } from "./session-clients.ts";

/** Whether a client knows of a logout. */
export type DeliveryState = "pending" | "delivered" | "failed";

/** A row of the table `logout_deliveries`. */
export interface LogoutDeliveryRow {
  id: number;
  client_id: string;
  user_id: string;
  session_id: string;
  issuer_url: string;
  ended_at_ms: number;
  state: DeliveryState;
  tries: number;
  tried_at_ms: number | null;
  /** Of the latest try, in a word of this service; empty: there was none. */
  last_result: string;
  /** 0: at once; NULL: no further try. */
  next_try_at_ms: number | null;
}

/** A logout that a client is to be told of now. */
export interface DueDelivery {
  readonly id: number;
  readonly ended: EndedSignIn;
  /** How often it was tried before. */
  readonly tries: number;
  /** Null: the client was deleted, or no longer wants to be told. */
  readonly uri: string | null;
  readonly algorithm: SigningAlgorithm;
}

/** The result of a try. */
export interface DeliveryTry {
  readonly id: number;
  readonly state: DeliveryState;
  readonly result: string;
  readonly atMs: number;
  /** Null: no further try. */
  readonly nextTryAtMs: number | null;
}

/** Logouts to deliver, and the log of them. All methods throw Unavailable when D1 fails. */
export interface LogoutDeliveryStore {
  /** The deliveries of a client that are due, the longest overdue first. */
  due(clientId: string, nowMs: number, limit: number): Promise<readonly DueDelivery[]>;
  /** Stores the results of tries. */
  record(tries: readonly DeliveryTry[]): Promise<void>;
  /** When the next try for a client is due, in milliseconds since the epoch; null: none is. */
  nextTryAtMs(clientId: string): Promise<number | null>;
  /** Removes what is outdated. @returns some clients that have due deliveries */
  sweep(nowMs: number): Promise<readonly string[]>;
}

/** How long a delivery stays in the log after the end of the session, in milliseconds. */
const KEPT_MS = 30 * 86_400_000;

/** Most clients that one sweep returns. */
const CLIENTS_MAX = 200;

/** Most rows of each kind that one sweep removes: more than a large service adds in a minute. */
const REMOVED_MAX = 5000;

const DUE = `SELECT delivery.*, backchannel_logout_uri AS uri, id_token_signed_response_alg
  FROM logout_deliveries AS delivery LEFT JOIN clients ON clients.client_id = delivery.client_id
  WHERE delivery.client_id = ?1 AND next_try_at_ms <= ?2
  ORDER BY next_try_at_ms, id LIMIT ?3`;

const RECORD = `UPDATE logout_deliveries SET tries = tries + 1, state = ?2, last_result = ?3,
  tried_at_ms = ?4, next_try_at_ms = ?5 WHERE id = ?1`;

const NEXT = `SELECT next_try_at_ms FROM logout_deliveries
  WHERE client_id = ? AND next_try_at_ms IS NOT NULL ORDER BY next_try_at_ms LIMIT 1`;

const CLIENTS_DUE = `SELECT DISTINCT client_id FROM logout_deliveries
  WHERE next_try_at_ms <= ?1 LIMIT ?2`;

/** Ids rise with time, so the oldest rows have the lowest. */
const REMOVE_OLD = `DELETE FROM logout_deliveries WHERE ended_at_ms <= ?1
  AND id IN (SELECT id FROM logout_deliveries ORDER BY id LIMIT ?2)`;

/** The latest first. */
const LIST = `SELECT * FROM logout_deliveries
  WHERE client_id = ?1 AND id < iif(?2 = '', 9e15, CAST(?2 AS INTEGER)) ORDER BY id DESC LIMIT ?3`;

interface DueRow extends LogoutDeliveryRow {
  uri: string | null;
  id_token_signed_response_alg: SigningAlgorithm | null;
}

/** The statement that reads a page of the deliveries to a client, the latest first. */
export function selectLogoutDeliveries(
  db: D1Database,
  clientId: string,
  page: { readonly after: string; readonly limit: number },
): D1PreparedStatement {
  return db.prepare(LIST).bind(clientId, page.after, page.limit);
}

/** Builds the {@link LogoutDeliveryStore} over D1. */
export function createLogoutDeliveryStore(db: D1Database): LogoutDeliveryStore {
  return {
    async due(clientId, nowMs, limit) {
      const statement = db.prepare(DUE).bind(clientId, nowMs, limit);
      const find = () => statement.all<DueRow>();
      return (await callWithDeadline("d1.find_logouts", find)).results.map(toDue);
    },

    async record(tries) {
      const statements = tries.map(({ id, state, result, atMs, nextTryAtMs }) => {
        return db.prepare(RECORD).bind(id, state, result, atMs, nextTryAtMs);
      });
      await callWithDeadline("d1.record_logouts", () => db.batch(statements));
    },

    async nextTryAtMs(clientId) {
      const find = () => db.prepare(NEXT).bind(clientId).first<number>("next_try_at_ms");
      return callWithDeadline("d1.find_next_logout", find);
    },

    async sweep(nowMs) {
      const statements = [
        db.prepare(CLIENTS_DUE).bind(nowMs, CLIENTS_MAX),
        db.prepare(REMOVE_OLD).bind(nowMs - KEPT_MS, REMOVED_MAX),
        removeExpiredSessionClients(db, nowMs, REMOVED_MAX),
      ];
      const [found] = await callWithDeadline("d1.sweep_logouts", () => {
        return db.batch<{ client_id: string }>(statements);
      });
      return found?.results.map(({ client_id }) => client_id) ?? [];
    },
  };
}

function toDue(row: DueRow): DueDelivery {
  return {
    id: row.id,
    ended: {
      issuerUrl: row.issuer_url,
      clientId: row.client_id,
      subject: row.user_id,
      sessionId: row.session_id,
    },
    tries: row.tries,
    uri: row.uri,
    algorithm: row.id_token_signed_response_alg ?? ID_TOKEN_ALGORITHM,
  };
}

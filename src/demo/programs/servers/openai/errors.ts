import type { ServerResponse } from 'node:http';
import { sendJson } from '../http/respond.ts';

/** vLLM's error body. */
export function sendApiError(response: ServerResponse, status: number, type: string, message: string): void {
  sendJson(response, status, { error: { message, type, param: null, code: status } });
}

// What a peer confirmed, one JSON line for each check, in the file that PEER_RESULTS names.
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';

const { PEER = 'unnamed', PEER_RESULTS } = process.env;

/** `result` is `ok`, `failed` or `not possible`. */
export function recordResult(behaviour, result, note) {
  if (PEER_RESULTS) appendFileSync(PEER_RESULTS, `${JSON.stringify({ peer: PEER, behaviour, result, note })}\n`);
}

/** Registers the test `title` of a behaviour, which records its result. */
export function recorded(behaviour, title, check) {
  test(`${behaviour}: ${title}`, async () => {
    try {
      await check();
    } catch (error) {
      recordResult(behaviour, 'failed', title);
      throw error;
    }
    recordResult(behaviour, 'ok', title);
  });
}

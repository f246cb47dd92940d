// The thread in which ChatJS runs: the unmodified package, and the globals of a browser it cannot do without.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import WebSocket from 'ws';
import { compressTime } from './compress-time.mjs';

Object.assign(globalThis, { window: globalThis, self: globalThis, WebSocket });
globalThis.navigator ??= { userAgent: 'Node.js', onLine: true };
compressTime(workerData);
createRequire(import.meta.url)('amazon-connect-chatjs');
await import('./driver.js');

parentPort.on('message', async ({ number, method, args }) => {
  const answer = await globalThis.driver[method](...args);
  parentPort.postMessage({ number, answer: answer === undefined ? undefined : JSON.parse(JSON.stringify(answer)) });
});

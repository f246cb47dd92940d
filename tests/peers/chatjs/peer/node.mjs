// ChatJS in Node: a thread for each host, as a browser has a page.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** `delays` are those to shorten. */
export async function openHost(delays = {}) {
  const worker = new Worker(new URL('node-thread.mjs', import.meta.url), { workerData: delays });
  const waiting = new Map();
  const errors = [];
  worker.on('message', ({ number, answer }) => waiting.get(number)?.(answer));
  worker.on('error', (error) => errors.push(error.message));
  await once(worker, 'online');
  let calls = 0;
  return {
    run: (method, ...args) =>
      new Promise((resolve) => {
        waiting.set(++calls, resolve);
        worker.postMessage({ number: calls, method, args });
      }),
    async close() {
      await worker.terminate();
      if (errors.length > 0) throw new Error(`errors in the thread: ${errors.join('; ')}`);
    },
  };
}

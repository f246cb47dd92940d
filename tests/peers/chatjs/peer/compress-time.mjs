// Makes chosen delays shorter, so that what ChatJS does once an hour can be waited for.

/** `timers` maps a delay in milliseconds, as ChatJS asks for it, to the delay it gets. Runs in a page as well. */
export function compressTime(timers) {
  for (const name of ['setTimeout', 'setInterval']) {
    const original = globalThis[name];
    globalThis[name] = (callback, delay, ...rest) => original(callback, timers[delay] ?? delay, ...rest);
  }
}

// Waiting for something to become true, with a deadline.
const everyMs = 20;

/** Calls `condition` until it answers something truthy, and answers that; throws after `withinMs`. */
export async function until(condition, what, withinMs = 10_000) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > deadline) {
      throw new Error(`not within ${withinMs} ms: ${what instanceof Function ? what() : what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

// What a person does on the pages, and what they see there.

/** Selects the chat of a customer in the console's list. */
export async function selectChat(console, name) {
  await console.getByRole('option', { name }).click();
  await console.getByRole('heading', { name, exact: true }).waitFor();
}

/** Writes into the one message field that both pages have, and sends it. */
export async function say(page, text) {
  await page.locator('#message').fill(text);
  await page.locator('#message').press('Enter');
}

/** The bubble with this text. */
export const bubble = (page, text) => page.locator('#transcript .message').filter({ hasText: text });

/** The texts of all bubbles, from the top. */
export const texts = (page) => page.locator('#transcript .bubble .text').allTextContents();

export async function showPanel(console, name) {
  await console.getByRole('navigation', { name: 'Views' }).getByRole('button', { name }).click();
}

/** Presses the button of a fault. */
export async function injectFault(console, group, name) {
  await showPanel(console, 'Faults');
  await console.getByRole('group', { name: group }).getByRole('button', { name, exact: true }).click();
}

/** Chooses from what the flow and the agent can send. */
export async function sendFromMenu(console, name) {
  await console.locator('#insert > summary').click();
  await console.locator('#insert').getByRole('button', { name, exact: true }).click();
}

/** Remembers every state of the customer page's connection line from now on. */
export const watchLine = (customer) =>
  customer.evaluate(() => {
    const line = document.getElementById('line');
    globalThis.lineStates = [line.dataset.state];
    const note = () => {
      if (globalThis.lineStates.at(-1) !== line.dataset.state) globalThis.lineStates.push(line.dataset.state);
    };
    new MutationObserver(note).observe(line, { attributes: true });
  });

export const lineStates = (customer) => customer.evaluate(() => globalThis.lineStates);

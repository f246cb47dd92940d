// A check of one behaviour: with a simulator and a ChatJS of its own, an audit at the end, and a line of the results.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { recorded } from '../../support/results.mjs';
import { startSimulator } from '../../support/simulator.mjs';
import { Chat } from './chat.mjs';
import { assertAsRecorded } from './checks.mjs';
import { closeBrowser, openHost } from './host.mjs';
import { keepForTypes } from './typings.mjs';

const withinMs = 40_000;

/**
 * Registers the check `title` of the behaviour `id`. `simulate` are arguments for the simulator, `timers` delays to
 * shorten. `check` gets a world: see `openWorld`.
 */
export function behaviour(id, title, check, { simulate = [], timers } = {}) {
  recorded(id, title, async () => {
    const world = await openWorld(simulate, timers);
    try {
      await withDeadline(check(world));
      for (const chat of world.chats) {
        await assertAsRecorded(chat);
        keepForTypes(id, await chat.events(), chat.results);
      }
    } catch (error) {
      // What goes wrong while closing is no news after this.
      await world.close().catch(() => {});
      throw error;
    }
    await world.close();
  });
}

/** Some promises of ChatJS never settle. */
async function withDeadline(promise) {
  const late = new AbortController();
  const deadline = setTimeout(withinMs, undefined, { signal: late.signal, ref: false }).then(
    () => assert.fail(`not done within ${withinMs} ms`),
    () => {},
  );
  await Promise.race([promise, deadline]).finally(() => late.abort());
}

async function openWorld(simulate, timers) {
  const simulator = await startSimulator(...simulate);
  const chats = [];
  const pages = [];

  async function openPage() {
    const page = await openHost(timers);
    pages.push(page);
    return page;
  }

  const first = openPage();

  async function openSession(details, { page, ...options } = {}) {
    const chat = await Chat.open(page ?? (await first), simulator, details, options);
    chats.push(chat);
    return chat;
  }

  async function openChat(members, options) {
    const { ContactId, ParticipantId, ParticipantToken } = await simulator.startChat(members);
    return openSession(
      { contactId: ContactId, participantId: ParticipantId, participantToken: ParticipantToken },
      options,
    );
  }

  return {
    simulator,
    chats,
    /** A place for ChatJS of its own; the option `page` of the next three names it. */
    openPage,
    /** A session for these credentials, not connected. */
    openSession,
    /** A new chat and the session of its customer, not connected; `members` are StartChatContact's. */
    openChat,
    /** The same, connected. */
    async connectedChat(members, options) {
      const chat = await openChat(members, options);
      await chat.connect();
      return chat;
    },
    async close() {
      await first;
      for (const page of pages) await page.close();
      await simulator.stop();
    },
  };
}

after(closeBrowser);

// The socket is renewed before it expires. ChatJS does it after 59 minutes, which pass in three seconds here.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { behaviour } from '../peer/behaviour.mjs';

const timers = { 3_540_000: 3_000 };

behaviour(
  'rotation',
  'one socket takes over from the other without a gap',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    const [first] = await chat.sockets();
    // Nearly two lifetimes of a socket, and a message every 20 ms all the time.
    const opened = new Set();
    const areAllSeen = async () => {
      for (const socket of await chat.sockets()) opened.add(Date.parse(socket.opened));
      return opened.size === 4;
    };
    await chat.until(areAllSeen, 'three other sockets', 20_000);
    const { item: last } = await chat.agent('message', { content: 'the last' });
    await chat.message({ Id: last.Id });

    const messages = (await chat.published()).filter(({ item }) => item.Type === 'MESSAGE');
    const published = messages.slice(0, messages.findIndex(({ item }) => item.Id === last.Id) + 1);
    assert.ok(published.length > 100, `${published.length} messages`);
    const received = new Map();
    for (const item of await chat.received('Message')) received.set(item.Id, (received.get(item.Id) ?? 0) + 1);
    for (const { item, sockets } of published) {
      // There was a subscribed socket at all times, and two only while one took over.
      assert.ok(sockets === 1 || sockets === 2, `sent on ${sockets} sockets`);
      const copies = received.get(item.Id) ?? 0;
      // What comes on both sockets, ChatJS raises twice.
      assert.ok(copies <= sockets, `${copies} copies of what was sent on ${sockets} sockets`);
      // ChatJS closes the old socket without waiting for what is on its way there.
      const sent = Date.parse(item.AbsoluteTime);
      const isTakeover = sockets === 1 && [...opened].some((time) => Math.abs(time - sent) < 1_000);
      assert.ok(copies >= 1 || isTakeover, 'what was sent on the only socket did not arrive');
    }
    const names = new Set((await chat.events()).map(({ name }) => name));
    assert.ok(!names.has('ConnectionLost') && !names.has('ConnectionBroken'));
    const [third] = await chat.sockets();
    assert.notEqual(third.socket, first.socket);
    assert.ok(third.opened > first.opened && third.expires > first.expires);
    assert.deepEqual((await chat.simulator.control('GET', '/state')).cut_off, {});
  },
  { timers, simulate: ['--set', 'socket_lifetime_ms=5000', '--script', 'chatterbox=50'] },
);

behaviour(
  'rotation',
  'the first socket stays until the other is subscribed',
  async ({ simulator, connectedChat }) => {
    const chat = await connectedChat();
    const [first] = await chat.sockets();
    // ChatJS subscribes again half a second later.
    await simulator.control('POST', '/faults', { effect: 'fail_subscribe', times: 1 });
    const subscribed = async () =>
      (await chat.sockets()).map((socket) => [socket.socket === first.socket, socket.subscribed]);
    const areBoth = async () =>
      isDeepStrictEqual(await subscribed(), [
        [true, true],
        [false, false],
      ]);
    await chat.until(areBoth, 'two sockets, the first subscribed');
    const { item: early } = await chat.agent('message', { content: 'on the first' });
    await chat.message({ Id: early.Id });
    const isOne = async () => isDeepStrictEqual(await subscribed(), [[false, true]]);
    await chat.until(isOne, 'the other socket alone');
    const { item: late } = await chat.agent('message', { content: 'on the other' });
    assert.deepEqual(await chat.message({ Id: late.Id }), late);
    assert.deepEqual(await chat.received('ConnectionLost'), []);
  },
  { timers },
);

behaviour(
  'rotation',
  'a socket that outlives its expiry is closed, and ChatJS comes back',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    await chat.event('ConnectionLost');
    await chat.until(async () => (await chat.sockets()).some(({ subscribed }) => subscribed), 'another socket');
    const { item } = await chat.agent('message', { content: 'after' });
    assert.deepEqual(await chat.message({ Id: item.Id }), item);
  },
  { simulate: ['--set', 'socket_lifetime_ms=1500'] },
);

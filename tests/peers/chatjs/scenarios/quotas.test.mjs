// The quotas of the service, as ChatJS meets them.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';

behaviour(
  'quotas',
  'what exceeds the burst is throttled; nothing is lost or sent twice',
  async ({ simulator, connectedChat }) => {
    const chat = await connectedChat();
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, number) => chat.send(`${number}`)));
    const accepted = results.filter(({ status }) => status === 'fulfilled').map(({ value }) => value.data.Id);
    for (const { reason } of results.filter(({ status }) => status === 'rejected')) {
      assert.equal(reason.reason.type, 'ThrottlingException');
      assert.equal(reason.reason.statusCode, 429);
    }
    // The burst is 15, and 10 more are taken each second.
    assert.ok(accepted.length >= 15, `${accepted.length} were taken`);
    const { throttled, requests } = await simulator.control('GET', '/state');
    assert.ok(throttled.SendMessage > 0);
    assert.equal(requests.SendMessage, throttled.SendMessage + accepted.length);
    const stored = (await chat.stored()).filter(({ Type }) => Type === 'MESSAGE').map(({ Id }) => Id);
    assert.deepEqual(stored.sort(), accepted.sort());
  },
  { simulate: ['--quotas'] },
);

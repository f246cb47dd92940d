// Files up and down, their bytes compared.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem, from, fromCustomer } from '../peer/checks.mjs';

const file = (name, type, bytes) => ({ attachment: { name, type, base64: bytes.toString('base64') } });

const isAttachment = (item) => item.Type === 'ATTACHMENT';

async function assertDownload(chat, attachmentId, type, bytes) {
  const blob = await chat.call('downloadAttachment', { attachmentId });
  assert.equal(blob.type, type);
  assert.ok(bytes.equals(Buffer.from(blob.base64, 'base64')), 'other bytes');
  const url = await chat.call('getAttachmentURL', { attachmentId });
  const response = await fetch(url);
  assert.equal(response.headers.get('content-type'), type);
  assert.ok(bytes.equals(Buffer.from(await response.arrayBuffer())), 'other bytes');
}

behaviour('attachments', 'a file of the customer goes up, and comes down the same', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const bytes = randomBytes(300_000);
  await chat.call('sendAttachment', file('résumé 1.png', 'image/png', bytes));
  const item = await chat.event('Message', isAttachment);
  const [{ AttachmentId }] = item.Attachments;
  assertItem(item, {
    Type: 'ATTACHMENT',
    ContentType: 'image/png',
    Attachments: [{ AttachmentId, AttachmentName: 'résumé 1.png', ContentType: 'image/png', Status: 'APPROVED' }],
    ...fromCustomer(chat),
  });
  assert.deepEqual((await chat.stored()).at(-1), item);
  await assertDownload(chat, AttachmentId, 'image/png', bytes);
});

behaviour('attachments', 'a file of the agent comes down', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const bytes = randomBytes(10_000);
  const { participant_id } = await chat.agent('join', { display_name: 'Jo' });
  const { attachment_id } = await chat.control('POST', '/agent/attachment?name=offer.pdf', bytes, {
    'Content-Type': 'application/pdf',
  });
  const item = await chat.event('Message', isAttachment);
  assertItem(item, {
    Type: 'ATTACHMENT',
    ContentType: 'application/pdf',
    Attachments: [
      {
        AttachmentId: attachment_id,
        AttachmentName: 'offer.pdf',
        ContentType: 'application/pdf',
        Status: 'APPROVED',
      },
    ],
    ...from(chat, { ParticipantId: participant_id, ParticipantRole: 'AGENT', DisplayName: 'Jo' }),
  });
  await assertDownload(chat, attachment_id, 'application/pdf', bytes);
});

behaviour('attachments', 'a file that the scanner rejects cannot be downloaded', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await chat.call('sendAttachment', file('virus.rejected.txt', 'text/plain', Buffer.from('x')));
  const { Attachments } = await chat.event('Message', isAttachment);
  assert.equal(Attachments[0].Status, 'REJECTED');
  const { statusCode } = await chat.rejection('downloadAttachment', { attachmentId: Attachments[0].AttachmentId });
  assert.equal(statusCode, 400);
});

behaviour(
  'attachments',
  'a file is announced while the scanner looks at it',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    await chat.call('sendAttachment', file('a.txt', 'text/plain', Buffer.from('x')));
    const statusIs = (status) => (item) => isAttachment(item) && item.Attachments[0].Status === status;
    const announced = await chat.event('Message', statusIs('IN_PROGRESS'));
    const approved = await chat.event('Message', statusIs('APPROVED'));
    assert.deepEqual(approved, {
      ...announced,
      Attachments: [{ ...announced.Attachments[0], Status: 'APPROVED' }],
    });
  },
  { simulate: ['--set', 'announce_scans=true', '--set', 'scan_delay_ms=100'] },
);

behaviour('attachments', 'a file of a type that is not allowed is refused', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const { type, statusCode } = await chat.rejection('sendAttachment', file('a.exe', 'text/plain', Buffer.from('x')));
  assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
});

behaviour(
  'quotas',
  'a file more than a chat may have is refused',
  async ({ connectedChat }) => {
    const chat = await connectedChat();
    await chat.call('sendAttachment', file('a.txt', 'text/plain', Buffer.from('x')));
    const { type, statusCode } = await chat.rejection('sendAttachment', file('b.txt', 'text/plain', Buffer.from('y')));
    assert.deepEqual({ type, statusCode }, { type: 'ServiceQuotaExceededException', statusCode: 402 });
  },
  { simulate: ['--set', 'attachments_per_contact=1'] },
);

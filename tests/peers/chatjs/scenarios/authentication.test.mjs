// The customer is asked to prove who they are.
import assert from 'node:assert/strict';
import { behaviour } from '../peer/behaviour.mjs';
import { assertItem, fromCustomer } from '../peer/checks.mjs';

const redirectUri = 'https://shop.example/signed-in?from=chat';

async function initiate(chat) {
  await chat.control('POST', '/events', { name: 'authentication_initiated' });
  const item = await chat.event('AuthenticationInitiated');
  const { SessionId: sessionId } = JSON.parse(item.Content);
  assertItem(item, {
    Type: 'EVENT',
    ContentType: 'application/vnd.amazonaws.connect.event.authentication.initiated',
    Content: JSON.stringify({ SessionId: sessionId }),
    ...fromCustomer(chat),
  });
  assert.equal(sessionId, (await chat.contact()).authentication_session);
  assert.equal(sessionId.length, 36);
  return sessionId;
}

async function authenticationUrl(chat, sessionId) {
  const { data } = await chat.call('getAuthenticationUrl', { sessionId, redirectUri });
  return data.AuthenticationUrl;
}

for (const [outcome, event, members] of [
  ['succeeded', 'AuthenticationSuccessful', ['code', 'from', 'state']],
  ['failed', 'AuthenticationFailed', ['error', 'from', 'state']],
  ['cancelled', 'AuthenticationCanceled', ['error', 'from', 'state']],
]) {
  behaviour('authentication', `${outcome} on the page behind the URL`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const sessionId = await initiate(chat);
    const url = await authenticationUrl(chat, sessionId);
    const page = await fetch(url);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    const answer = await fetch(new URL('/_authenticate', url), {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ session: sessionId, redirect_uri: redirectUri, outcome }),
    });
    assert.equal(answer.status, 303);
    const target = new URL(answer.headers.get('location'));
    assert.equal(target.origin, 'https://shop.example');
    assert.deepEqual([...target.searchParams.keys()].sort(), members);
    assert.equal(target.searchParams.get('state'), sessionId);
    const item = await chat.event(event);
    assert.equal(item.ContentType, `application/vnd.amazonaws.connect.event.authentication.${outcome}`);
    assert.equal((await chat.contact()).authentication_session, null);
  });
}

behaviour('authentication', 'cancelled by the customer', async ({ connectedChat }) => {
  const chat = await connectedChat();
  const sessionId = await initiate(chat);
  await chat.call('cancelParticipantAuthentication', { sessionId });
  await chat.event('AuthenticationCanceled');
  assert.equal((await chat.contact()).authentication_session, null);
});

for (const [name, event] of [
  ['authentication_succeeded', 'AuthenticationSuccessful'],
  ['authentication_failed', 'AuthenticationFailed'],
  ['authentication_timeout', 'AuthenticationTimeout'],
  ['authentication_expired', 'AuthenticationExpired'],
]) {
  behaviour('authentication', `${name} is told of`, async ({ connectedChat }) => {
    const chat = await connectedChat();
    const sessionId = await initiate(chat);
    const { item } = await chat.control('POST', '/events', { name });
    assert.deepEqual(await chat.event(event), item);
    assert.equal(JSON.parse(item.Content).SessionId, sessionId);
    const { statusCode } = await chat.rejection('getAuthenticationUrl', { sessionId, redirectUri });
    assert.equal(statusCode, 400);
  });
}

behaviour('authentication', 'there is no URL after a minute', async ({ simulator, connectedChat }) => {
  const chat = await connectedChat();
  const sessionId = await initiate(chat);
  await simulator.control('POST', '/clock', { advance_ms: 60_000 });
  const { type, statusCode } = await chat.rejection('getAuthenticationUrl', { sessionId, redirectUri });
  assert.deepEqual({ type, statusCode }, { type: 'AccessDeniedException', statusCode: 403 });
});

behaviour('authentication', 'there is no URL for another session', async ({ connectedChat }) => {
  const chat = await connectedChat();
  await initiate(chat);
  const sessionId = 'x'.repeat(36);
  const { type, statusCode } = await chat.rejection('getAuthenticationUrl', { sessionId, redirectUri });
  assert.deepEqual({ type, statusCode }, { type: 'ValidationException', statusCode: 400 });
});

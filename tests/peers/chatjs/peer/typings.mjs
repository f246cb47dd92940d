// Has the compiler check what ChatJS handed over against the typings of its own package.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const typings = join(dirname(createRequire(import.meta.url).resolve('amazon-connect-chatjs')), 'index.d.ts');

// The typings know fewer values than ChatJS's own code and the model of the service do, and no receipts.
const widened = `
type Item<T> = T extends unknown ? Omit<T, "ParticipantRole"> & {
  ParticipantRole?: connect.ChatEventData["ParticipantRole"] | "CUSTOM_BOT" | "SUPERVISOR";
} : never;
type Message = Item<connect.ChatMessageEvent["data"]>;
type Receipt = Omit<Item<connect.ChatEventData>, "Type" | "ContentType"> & {
  Type: "MESSAGEMETADATA";
  ContentType: "application/vnd.amazonaws.connect.event.message.metadata";
};
type Transcript = Omit<connect.GetTranscriptResult, "NextToken" | "Transcript"> & {
  NextToken?: string;
  Transcript: (Item<connect.ChatTranscriptItem> | Receipt)[];
};
`;

const eventTypes = {
  Message: 'Message',
  ParticipantIdle: 'Message',
  ParticipantReturned: 'Message',
  ParticipantInvited: 'Message',
  AutoDisconnection: 'Message',
  ChatRehydrated: 'Message',
  AuthenticationSuccessful: 'Message',
  AuthenticationFailed: 'Message',
  AuthenticationTimeout: 'Message',
  AuthenticationExpired: 'Message',
  AuthenticationCanceled: 'Message',
  Typing: 'Item<connect.ChatTypingEvent["data"]>',
  ReadReceipt: 'Receipt',
  DeliveredReceipt: 'Receipt',
  AuthenticationInitiated: 'Item<connect.ChatAuthenticationInitiatedEvent["data"]>',
  ParticipantDisplayNameUpdated: 'Item<connect.ChatParticipantDisplayNameUpdatedEvent["data"]>',
};

const resultTypes = {
  sendMessage: 'connect.SendMessageResult',
  sendEvent: 'connect.SendEventResult',
  getTranscript: 'Transcript',
  describeView: 'connect.DescribeViewResult',
  getAuthenticationUrl: 'connect.GetAuthenticationUrlResult',
};

const { PEER_RECEIVED } = process.env;

/** Keeps what a chat handed over in a check of the behaviour `id`, for `typeErrors`. */
export function keepForTypes(id, events, results) {
  if (!PEER_RECEIVED) return;
  const values = [
    ...events.map(({ name, data }) => [eventTypes[name], data]),
    ...results.map(({ method, data }) => [resultTypes[method], data]),
  ];
  for (const [type, value] of values) {
    if (type && value) appendFileSync(PEER_RECEIVED, `${JSON.stringify({ id, type, value })}\n`);
  }
}

/** Of everything kept, the behaviours, each with its number of values and what is not of the package's types. */
export async function typeErrors() {
  const { default: ts } = await import('typescript');
  const kept = [...new Set(readFileSync(PEER_RECEIVED, 'utf8').trim().split('\n'))].map((line) => JSON.parse(line));
  // JSON is a type to the compiler: the type of exactly this value.
  const lines = kept.map(
    ({ type, value }, number) =>
      `declare const value${number}: ${JSON.stringify(value)}; export const typed${number}: ${type} = value${number};`,
  );
  const behaviours = {};
  for (const { id } of kept) (behaviours[id] ??= { checked: 0, errors: [] }).checked++;
  for (const { file, start, messageText } of diagnostics(ts, [...lines, widened].join('\n'))) {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n').trim();
    assert.ok(file, text);
    const { line } = file.getLineAndCharacterOfPosition(start);
    assert.ok(line < lines.length, text);
    behaviours[kept[line].id].errors.push(`${text.split('\n').at(-1).trim()}\n  in ${lines[line].slice(0, 600)}`);
  }
  return behaviours;
}

function diagnostics(ts, source) {
  const name = 'received.ts';
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ['lib.es2022.d.ts'] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, ...rest) =>
    file === name ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest);
  const program = ts.createProgram([name, typings], options, host);
  return [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics(program.getSourceFile(name))];
}

// Starts `connect-chat simulate` and speaks to its control API.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { until } from './until.mjs';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const program = process.env.CONNECT_CHAT || `${repository}target/release/connect-chat`;
const startWithinMs = 20_000;

/** Runs the simulator with these arguments; it ends with this process at the latest. */
export async function startSimulator(...args) {
  const child = spawn(program, ['simulate', '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (bytes) => (errors += bytes));
  const ended = once(child, 'close');
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);

  const line = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no first line from ${program}`)), startWithinMs);
    createInterface({ input: child.stdout }).once('line', (text) => {
      clearTimeout(late);
      resolve(text);
    });
    child.once('error', reject);
    ended.then(() => reject(new Error(`${program} ended at once: ${errors}`)));
  });
  const { endpoint, control = `${endpoint}/_sim` } = JSON.parse(line);
  child.stdout.resume();

  async function request(url, method, body, headers = { 'Content-Type': 'application/json' }) {
    const raw = body === undefined || body instanceof Uint8Array;
    const response = await fetch(url, { method, headers, body: raw ? body : JSON.stringify(body) });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : {};
    if (!response.ok) {
      const error = new Error(`${method} ${url}: ${response.status} ${text}`);
      throw Object.assign(error, { status: response.status, answer });
    }
    return answer;
  }

  const simulator = {
    endpoint,
    until,
    /** One request to the control API: its answer, or an error with `status` and `answer`. */
    control: (method, path, body, headers) => request(`${control}${path}`, method, body, headers),
    /** StartChatContact, with the usual members filled in. */
    startChat: (members = {}) =>
      request(`${endpoint}/contact/chat`, 'PUT', {
        InstanceId: 'local',
        ContactFlowId: 'flow',
        ParticipantDetails: { DisplayName: 'Ana' },
        ...members,
      }),
    /** Everything after `after`, page by page: `what` is `transcript` or `published`. */
    async record(contactId, what) {
      const member = what === 'transcript' ? 'items' : what;
      const all = [];
      for (let after = 0; ; ) {
        const page = await simulator.control('GET', `/contacts/${contactId}/${what}?after=${after}`);
        all.push(...page[member]);
        if (page[member].length === 0) return all;
        after = page.next;
      }
    },
    async stop() {
      process.removeListener('exit', killed);
      child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`the simulator ended with ${code}: ${errors}`);
    },
  };
  return simulator;
}

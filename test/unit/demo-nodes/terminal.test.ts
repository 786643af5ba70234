import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { NodesUnderTest } from '../../support/demo-nodes.ts';
import { execPath, execWebSocket, exitCode } from '../../support/remote-command.ts';
import { until } from '../../support/until.ts';

/** A person at a terminal: types, and waits for what must appear. */
class Person {
  readonly #socket: WebSocket;
  #seen = '';
  #from = 0;
  status: Parameters<typeof exitCode>[0]['status'];
  readonly #closed: Promise<unknown>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = once(socket, 'close');
    socket.on('message', (data: Buffer) => {
      if (data[0] === 1) this.#seen += data.subarray(1).toString();
      if (data[0] === 3) this.status = JSON.parse(data.subarray(1).toString()) as typeof this.status;
    });
  }

  static async at(nodes: NodesUnderTest, command: readonly string[] = ['bash'], columns = 120): Promise<Person> {
    const socket = new WebSocket(
      `ws://${nodes.kubelet}${execPath('poker', command, { tty: true, stdin: '' })}`,
      'v5.channel.k8s.io',
    );
    const person = new Person(socket);
    await once(socket, 'open');
    socket.send(Buffer.concat([Buffer.from([4]), Buffer.from(JSON.stringify({ Width: columns, Height: 24 }))]));
    return person;
  }

  type(keys: string): void {
    this.#socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(keys)]));
  }

  /** Waits for text that comes after what was waited for before. */
  async sees(text: string): Promise<void> {
    await until(
      () => this.#seen.includes(text, this.#from),
      () => `did not see ${shortened(text)} in ${shortened(this.#seen.slice(this.#from))}`,
    );
    this.#from = this.#seen.indexOf(text, this.#from) + text.length;
  }

  /** Closes the window without a word. */
  leave(): void {
    this.#socket.terminate();
  }

  async left(): Promise<number | undefined> {
    await this.#closed;
    return exitCode({ status: this.status, stdout: Buffer.alloc(0), stderr: '', closeCode: 1000 });
  }
}

const prompt = 'root@poker:/# ';
const up = '\u001b[A';
const left = '\u001b[D';

describe('a terminal in a container', () => {
  let nodes: NodesUnderTest;
  before(async () => {
    nodes = await NodesUnderTest.start();
    await nodes.shellPod();
  });
  after(() => nodes.stop());

  it('shows a prompt, echoes, runs, and ends with the code of exit', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('echo $((6 * 7))\r');
    await person.sees('echo $((6 * 7))\r\n42\r\n');
    await person.sees(prompt);
    person.type('exit 5\r');
    assert.equal(await person.left(), 5);
  });

  it('keeps directory, variables, functions and the last code from line to line', async () => {
    const person = await Person.at(nodes);
    person.type('cd /tmp && export COLOUR=blue\r');
    await person.sees('root@poker:/tmp# ');
    person.type('shout() { echo "<$1 $COLOUR>"; }\r');
    await person.sees('root@poker:/tmp# ');
    person.type('shout sky; false\r');
    await person.sees('\n<sky blue>\r\n');
    person.type('echo code=$?\r');
    await person.sees('\ncode=1\r\n');
    person.type('\u0004');
    assert.equal(await person.left(), 0);
  });

  it('interrupts a running command, and clears a line', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('sleep 1000\r');
    await person.sees('sleep 1000\r\n');
    person.type('\u0003');
    await person.sees('^C\r\n');
    await person.sees(prompt);
    person.type('half a li\u0003');
    await person.sees('^C\r\n');
    person.type('echo code=$?\r');
    await person.sees('\ncode=130\r\n');
    person.type('exit\r');
    assert.equal(await person.left(), 0);
  });

  it('edits in the middle of a line and deletes words', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type(`echo one thre${left}${left}${left}${left}two \u0005e wrong\u0017\r`);
    await person.sees('\none two three\r\n');
    person.type(`cho start\u0001e\u0005 \u0015echo cleared\r`);
    await person.sees('\ncleared\r\n');
    person.type('exit\r');
    await person.left();
  });

  it('remembers lines for the next terminal', async () => {
    const first = await Person.at(nodes);
    await first.sees(prompt);
    first.type('echo remember me\r');
    await first.sees('\nremember me\r\n');
    first.type('exit\r');
    await first.left();
    const second = await Person.at(nodes);
    await second.sees(prompt);
    second.type(`${up}${up}\r`);
    await second.sees('\nremember me\r\n');
    second.type('exit\r');
    await second.left();
  });

  it('asks for more lines while the grammar does', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('for i in a b; do\r');
    await person.sees('> ');
    person.type('echo item $i; done\r');
    await person.sees('\nitem a\r\nitem b\r\n');
    person.type("echo 'two\r");
    await person.sees('> ');
    person.type("lines'\r");
    await person.sees('\ntwo\r\nlines\r\n');
    person.type('exit\r');
    await person.left();
  });

  it('brings a command of several lines back whole', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('for i in c d; do\r');
    await person.sees('> ');
    person.type('echo again $i; done\r');
    await person.sees('\nagain c\r\nagain d\r\n');
    await person.sees(prompt);
    person.type(`${up}\r`);
    await person.sees('\nagain c\r\nagain d\r\n');
    person.type('exit\r');
    await person.left();
  });

  it('is not stopped by Ctrl-Z, and takes pasted lines of either end', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('\u001aecho first\r\necho second\necho third\r');
    await person.sees('\nfirst\r\n');
    await person.sees('\nsecond\r\n');
    await person.sees('\nthird\r\n');
    person.type('exit\r');
    await person.left();
  });

  it('completes programs and paths', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('sha256\t/etc/hostn\t\r');
    await person.sees('/etc/hostname');
    await person.sees('  /etc/hostname\r\n');
    person.type('exit\r');
    await person.left();
  });

  it('gives a command that reads the keyboard its lines, and Ctrl-D as their end', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('cat\r');
    await person.sees('cat\r\n');
    person.type('to the cat\r');
    await person.sees('to the cat\r\nto the cat\r\n');
    person.type('\u0004');
    await person.sees(prompt);
    person.type('exit\r');
    await person.left();
  });

  it('tells programs the size of the window', async () => {
    const person = await Person.at(nodes, ['bash'], 97);
    await person.sees(prompt);
    person.type('echo $COLUMNS\r');
    await person.sees('\n97\r\n');
    person.type('exit\r');
    await person.left();
  });

  it('runs any other command with the terminal too', async () => {
    const person = await Person.at(nodes, ['sh', '-c', 'tty; exit 3']);
    await person.sees('/dev/pts/0\r\n');
    assert.equal(await person.left(), 3);
  });

  it('shows all of a long output before the next prompt and before the end', async () => {
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('seq 1 60000; printf "%0300000d\\n" 7\r');
    await person.sees('\n60000\r\n');
    await person.sees(`${'0'.repeat(299_999)}7\r\n${prompt}`);
    person.type('exit\r');
    await person.left();
    const other = await Person.at(nodes, ['sh', '-c', 'seq 1 60000']);
    await other.left();
    await other.sees('\n60000\r\n');
  });

  it('ends what runs when the client has gone', async () => {
    const running = async (): Promise<boolean> =>
      (await execWebSocket(nodes.kubelet, 'poker', ['ps', '-ef'])).stdout.includes('sleep 4242');
    const person = await Person.at(nodes);
    await person.sees(prompt);
    person.type('sleep 4242\r');
    await person.sees('sleep 4242\r\n');
    await until(running);
    person.leave();
    await until(async () => !(await running()));
  });
});

function shortened(text: string): string {
  return JSON.stringify(text.length > 2000 ? `${text.slice(0, 1000)}…${text.slice(-1000)}` : text);
}

import assert from 'node:assert/strict';
import { redact } from '../../../src/base/redact.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Repeatable: the same seed makes the same secrets. */
function randomTexts(seed: number): (length: number, from?: string) => string {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return (length, from = LETTERS) => Array.from({ length }, () => from[Math.floor(next() * from.length)]).join('');
}

type Make = (random: ReturnType<typeof randomTexts>) => { readonly text: string; readonly secret: string };

const prefixed =
  (prefix: string, length = 24): Make =>
  (random) => {
    const secret = random(length);
    return { text: prefix + secret, secret };
  };

const KINDS: Readonly<Record<string, Make>> = {
  'Hugging Face': prefixed('hf_', 34),
  'GitHub, old': prefixed('ghp_', 36),
  'GitHub, fine-grained': prefixed('github_pat_', 60),
  GitLab: prefixed('glpat-', 20),
  Slack: prefixed('xoxb-'),
  NVIDIA: prefixed('nvapi-', 64),
  OpenAI: prefixed('sk-proj-', 40),
  Google: prefixed('ya29.a0', 60),
  EKS: prefixed('k8s-aws-v1.', 80),
  OpenShift: prefixed('sha256~', 43),
  'AWS key id': (random) => {
    const secret = random(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
    return { text: `AKIA${secret}`, secret };
  },
  'AWS secret': prefixed('aws_secret_access_key = ', 40),
  'JSON web token': (random) => {
    const secret = random(80);
    return { text: `eyJhbGciOiJSUzI1NiJ9.${secret}.${random(43)}`, secret };
  },
  'user and password in a URL': (random) => {
    const secret = random(12, `${LETTERS}!@$%&:;=.`);
    return { text: `https://alice:${secret}@registry.example/v2/`, secret };
  },
  'token in a URL': (random) => {
    const secret = random(30);
    return { text: `git clone https://${secret}@git.example/x.git`, secret };
  },
  'private key': (random) => {
    const secret = random(64, `${LETTERS}+/`);
    return { text: `-----BEGIN RSA PRIVATE KEY-----\n${random(64)}\n${secret}\n-----END RSA PRIVATE KEY-----`, secret };
  },
  'private key, cut off, in JSON': (random) => {
    const secret = random(64, `${LETTERS}+/`);
    return { text: String.raw`"key": "-----BEGIN EC PRIVATE KEY-----\n${random(64)}\n${secret}`, secret };
  },
  'authorization header': prefixed('Authorization: Bearer '),
  'basic authorization': prefixed('authorization=Basic '),
  'YAML password': prefixed('password: '),
  'shell variable': prefixed('HF_TOKEN='),
  'JSON in JSON': (random) => {
    const secret = random(20);
    return { text: String.raw`{\"token\": \"${secret}\"}`, secret };
  },
  'pass phrase': (random) => {
    const secret = random(12);
    return { text: `passphrase: "correct horse ${secret} staple"`, secret };
  },
  'quote that does not end': (random) => {
    const secret = random(12);
    return { text: `api_key='correct horse ${secret}`, secret };
  },
  'registry credentials': prefixed('{"auths":{"ghcr.io":{"auth": "', 40),
};

describe('credentials in what is kept', () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    it(`${kind}: never pass, wherever they stand`, () => {
      const random = randomTexts(8);
      for (let round = 0; round < 50; round += 1) {
        const { text, secret } = make(random);
        for (const whole of [
          text,
          `x ${text} y`,
          `"${text}"`,
          `(${text})`,
          `url?x=%3D${text}&y`,
          `a\n${text}\nb`,
          `\u001B[31m${text}\u001B[0m`,
          `${'z '.repeat(500)}${text}`,
          `${text} ${text}`,
        ]) {
          const clean = redact(whole);
          assert.ok(!clean.includes(secret), clean);
          assert.equal(redact(clean), clean);
        }
      }
    });
  }

  it('leave the rest as it was', () => {
    for (const text of [
      'output 1,842 tok/s over 64 tokens',
      'output_tokens=18420, max_tokens: 4096',
      'the secret llm-d-hf-token is missing in dev/mine',
      'tokenizer: meta-llama/Llama-3.1-8B',
      'ghcr.io/llm-d/llm-d@sha256:0123456789abcdef0123456789abcdef',
      'GET https://10.0.0.1:6443/api/v1/pods?limit=500',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    ]) {
      assert.equal(redact(text), text);
    }
    assert.equal(
      redact('-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nthen this'),
      '-----BEGIN PRIVATE KEY-----…-----END PRIVATE KEY-----\nthen this',
    );
  });

  it('are looked for in one pass: a text made to be looked at again and again is done within the time limit', () => {
    for (const piece of [
      'eyJ-',
      'a-',
      'token=',
      'token="',
      'token ',
      '://',
      '://a',
      'basic ',
      '-----BEGIN PRIVATE KEY-----',
      'sk-',
      'sk-a.',
      'ya29.-',
      'eyJabcdefgh.',
      'secret_access_',
      'token\\',
      ' ',
      ':',
      '"',
      'A',
    ]) {
      assert.ok(redact(piece.repeat(3e5)).length > 0);
      assert.ok(redact(`token${piece.repeat(3e5)}`).length > 0);
    }
  });
});

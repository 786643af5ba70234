import assert from 'node:assert/strict';
import { errorFromStatus, retryAfterMs, statusOf, subjectOf } from '../../../src/kube/http/status.ts';
import { clusterRef } from './server.ts';

describe('Retry-After', () => {
  const date = 'Tue, 03 Feb 2026 10:00:00 GMT';
  const cases: readonly (readonly [string, Record<string, string>, unknown, number | undefined])[] = [
    ['seconds', { 'retry-after': '7' }, undefined, 7000],
    ["a date, by the server's own clock", { 'retry-after': 'Tue, 03 Feb 2026 10:00:30 GMT', date }, undefined, 30_000],
    ['a date that has passed', { 'retry-after': 'Tue, 03 Feb 2026 09:59:00 GMT', date }, undefined, 0],
    ['a date without one to compare it with', { 'retry-after': 'Tue, 03 Feb 2026 10:00:30 GMT' }, undefined, undefined],
    ['the Status', {}, { details: { retryAfterSeconds: 3 } }, 3000],
    ['the header before the Status', { 'retry-after': '1' }, { details: { retryAfterSeconds: 3 } }, 1000],
    ['nonsense', { 'retry-after': 'soon' }, undefined, undefined],
    ['a negative number', { 'retry-after': '-5' }, undefined, undefined],
    ['nothing', {}, {}, undefined],
  ];
  for (const [what, headers, status, expected] of cases) {
    it(`as ${what}`, () => assert.equal(retryAfterMs(headers, status), expected));
  }
});

describe("what answers in the server's place", () => {
  const cluster = clusterRef('https://api.example.com');
  const subject = subjectOf('GET', '/api/v1/pods');

  for (const status of [200, 401, 403, 404, 409, 410, 429, 502]) {
    it(`is told apart from the server, whatever it says (${status})`, () => {
      const error = errorFromStatus(
        status,
        ' <!DOCTYPE html>\n<html><head><title>Log\n in</title></head></html>',
        subject,
        cluster,
      );
      assert.equal(error.code, 'server-error');
      assert.equal(
        error.message,
        `cannot list pods (context "test-context"): HTTP ${status} with a web page "Log in" in place of the API server's answer`,
      );
      assert.match(error.hint ?? '', /VPN.*proxy/);
    });
  }

  it('is told in one line, also where it is plain text', () => {
    const error = errorFromStatus(503, 'upstream connect error\n  or disconnect', subject, cluster);
    assert.equal(error.message, 'cannot list pods (context "test-context"): upstream connect error or disconnect');
    assert.equal(statusOf(error)?.httpStatus, 503);
  });

  it('a version that the server has not reached is a lost history', () => {
    const status = {
      kind: 'Status',
      reason: 'Timeout',
      code: 504,
      message: 'Too large resource version: 9, current: 3',
      details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
    };
    assert.equal(errorFromStatus(504, status, subject, cluster).code, 'expired');
  });
});

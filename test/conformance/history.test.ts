import { both, type Loose, type Server } from './support/both.ts';
import { configMap } from './support/objects.ts';

/** Servers give a bookmark once a minute. */
const bookmarkPatienceMs = 100_000;
const ours = { labelSelector: 'of=case' };
const labels = { of: 'case' };

async function maps(server: Server, names: readonly string[]): Promise<string> {
  const path = server.path('configmaps');
  for (const name of names) await server.ask('POST', path, { body: configMap(name, {}, { labels }) });
  return path;
}

function names({ items }: Loose): unknown {
  return items.map((item: Loose) => item.metadata.name);
}

/** Everything that a client can tell of an event about an error. */
function error(event: Loose): unknown {
  return { type: event.type, ...event.object, message: undefined };
}

describe('the past on both servers', () => {
  both('is forgotten in time, and clients are told', async (server) => {
    const path = await maps(server, ['a', 'b', 'c', 'd', 'e']);
    const { json: first } = await server.ask('GET', path, { query: { ...ours, limit: 2 } });
    const then: string = first.metadata.resourceVersion;
    const token: string = first.metadata.continue;
    await server.ask('DELETE', `${path}/c`);
    await maps(server, ['bb', 'f']);
    const goOn = (by: string): ReturnType<Server['ask']> =>
      server.ask('GET', path, { query: { ...ours, limit: 2, continue: by } });
    server.note('while it is remembered', names((await goOn(token)).json));
    await server.target.forget();
    const expired = await server.until(path, (_, status) => status === 410, {
      query: { ...ours, limit: 2, continue: token },
    });
    server.note('a token that is too old', { ...expired, metadata: Object.keys(expired.metadata) });
    const { json: rest } = await goOn(expired.metadata.continue);
    server.note('the rest with the token given', [names(rest), Object.keys(rest.metadata)]);
    server.note('a newer version', Number(rest.metadata.resourceVersion) > Number(then));
    const { json: end } = await goOn(rest.metadata.continue);
    server.note('the end', [names(end), Object.keys(end.metadata)]);
    server.note('one version from there on', end.metadata.resourceVersion === rest.metadata.resourceVersion);
    for (const query of [
      { resourceVersion: then, resourceVersionMatch: 'Exact' },
      { resourceVersion: then, limit: 1 },
    ]) {
      const { status, json } = await server.ask('GET', path, { query: { ...ours, ...query } });
      server.note(`exactly then, ${Object.keys(query).join(' ')}`, [status, json]);
    }
    server.note(
      'not older than then',
      names((await server.ask('GET', path, { query: { ...ours, resourceVersion: then } })).json),
    );
  });

  both('of a watch is an event, not an answer', async (server) => {
    const path = server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1');
    await server.target.forget();
    server.note('from a version long gone', (await server.watch(path, { resourceVersion: '1' }, 2)).map(error));
    const initial = {
      resourceVersion: '1',
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    };
    server.note(
      'with what is there now',
      (await server.watch(path, initial, 1)).map((event) => [event.type, event.object.metadata?.annotations]),
    );
  });
});

describe('versions on both servers', () => {
  both('choose what a list shows', async (server) => {
    const path = await maps(server, ['a', 'b', 'c']);
    const { json: now } = await server.ask('GET', path, { query: ours });
    const then: string = now.metadata.resourceVersion;
    await server.ask('DELETE', `${path}/a`);
    await maps(server, ['d']);
    const { json: newest } = await server.ask('GET', path, { query: ours });
    for (const resourceVersion of ['', '0', then]) {
      for (const resourceVersionMatch of ['', 'Exact', 'NotOlderThan']) {
        for (const limit of [0, 2]) {
          const query = {
            ...ours,
            ...(resourceVersion === '' ? {} : { resourceVersion }),
            ...(resourceVersionMatch === '' ? {} : { resourceVersionMatch }),
            ...(limit === 0 ? {} : { limit }),
          };
          // A cache may be behind: what "0" shows is as old as it likes.
          const settled =
            resourceVersion === '0' && resourceVersionMatch !== 'Exact'
              ? {
                  status: 200,
                  json: await server.until(
                    path,
                    ({ items }) =>
                      items?.some((item: Loose) => item.metadata.name === 'd') || (limit === 2 && items?.length === 2),
                    { query },
                  ),
                }
              : await server.ask('GET', path, { query });
          const { status, json } = settled;
          const age =
            json.metadata?.resourceVersion === then
              ? 'then'
              : Number(json.metadata?.resourceVersion) >= Number(newest.metadata.resourceVersion)
                ? 'now'
                : 'between';
          const asked = `${resourceVersion === then ? 'then' : JSON.stringify(resourceVersion)} ${resourceVersionMatch} limit ${limit}`;
          server.note(
            asked,
            status === 200
              ? [names(json), age, json.metadata.continue !== undefined, json.metadata.remainingItemCount]
              : [status, json.reason, json.details],
          );
        }
      }
    }
  });

  both('come in pages that end with what there is, not with what is asked for', async (server) => {
    const path = await maps(server, ['a', 'b']);
    for (const query of [
      { ...ours, limit: 2 },
      { ...ours, limit: 1 },
      { ...ours, limit: 3 },
      { fieldSelector: 'metadata.name=a', limit: 1 },
      { fieldSelector: 'metadata.name!=z', limit: 2 },
      { limit: 3 },
      { limit: 2 },
      { labelSelector: 'of=none', limit: 1 },
    ]) {
      const { json } = await server.ask('GET', path, { query });
      const { json: next } = await server.ask('GET', path, {
        query: { ...query, continue: json.metadata.continue ?? '' },
      });
      server.note(JSON.stringify(query), [
        names(json),
        Object.keys(json.metadata),
        json.metadata.continue === undefined ? undefined : [names(next), Object.keys(next.metadata)],
      ]);
    }
  });

  both('choose where a watch begins', async (server) => {
    const path = await maps(server, ['a', 'b']);
    const { json: list } = await server.ask('GET', path, { query: ours });
    const then: string = list.metadata.resourceVersion;
    await maps(server, ['c']);
    const told = (events: readonly Loose[]): unknown =>
      events
        .map((event) =>
          JSON.stringify([
            event.type,
            event.object.metadata?.name,
            event.object.metadata?.annotations,
            event.object.reason,
          ]),
        )
        .toSorted();
    const initial = { resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true };
    server.note('from then', told(await server.watch(path, { ...ours, resourceVersion: then }, 1)));
    server.note(
      'from then, with what is there',
      told(await server.watch(path, { ...ours, ...initial, resourceVersion: then, sendInitialEvents: true }, 4)),
    );
    server.note(
      'from any, with what is there',
      told(await server.watch(path, { ...ours, ...initial, resourceVersion: '0', sendInitialEvents: true }, 4)),
    );
    server.note(
      'from then, without what is there',
      told(await server.watch(path, { ...ours, ...initial, resourceVersion: then, sendInitialEvents: false }, 1)),
    );
    const quiet = await server.watch(path, { ...ours, ...initial, sendInitialEvents: false, timeoutSeconds: 1 }, 3);
    server.note('from now, without what is there', told(quiet.filter(({ type }) => type !== 'BOOKMARK')));
    for (const query of [
      { ...initial, sendInitialEvents: true, allowWatchBookmarks: false },
      { sendInitialEvents: true, resourceVersionMatch: 'Exact', allowWatchBookmarks: true },
      { sendInitialEvents: true, allowWatchBookmarks: true },
      { resourceVersionMatch: 'NotOlderThan', resourceVersion: then },
      { limit: 1, continue: 'x' },
    ]) {
      server.note(
        JSON.stringify({ ...query, resourceVersion: undefined }),
        await server.refusal(path, { ...ours, ...query }),
      );
    }
    const list2 = await server.ask('GET', path, {
      query: { ...ours, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' },
    });
    server.note('a list with initial events', { status: list2.status, json: list2.json });
    server.note('of the future', await server.refusal(path, { ...ours, resourceVersion: '99999999' }));
  });

  both('are told by bookmarks', async (server) => {
    const path = await maps(server, ['a']);
    const { json: list } = await server.ask('GET', path, { query: ours });
    const bookmarks = { ...ours, resourceVersion: list.metadata.resourceVersion, allowWatchBookmarks: true };
    const [periodic, last] = await Promise.all([
      server.watch(path, bookmarks, 1, bookmarkPatienceMs),
      server.watch(path, { ...bookmarks, timeoutSeconds: 5 }, 10),
    ]);
    server.note('after a minute', periodic);
    server.note('before the end', last.slice(0, 1));
    server.note('from the bookmark on', [
      Number(last.at(-1)?.object.metadata.resourceVersion) >= Number(list.metadata.resourceVersion),
    ]);
    const initial = await server.watch(
      path,
      { ...ours, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true },
      2,
    );
    server.note('after what is there', initial.at(-1));
  });
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench, kubectls, rows } from './support.ts';

const web = (replicas: number, image = 'busybox:1.36'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: main, image: ${image}, command: [sleep, infinity], ports: [{name: http, containerPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
`;

const shellPod = `
apiVersion: v1
kind: Pod
metadata: {name: shell, labels: {app: shell}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, "for i in 1 2 3 4 5; do echo line $i; done; sleep infinity"]
  - name: side
    image: busybox:1.36
    command: [sh, -c, "echo beside; sleep infinity"]
`;

for (const tool of kubectls) {
  describe(`${tool} against the demo cluster`, function clients() {
    this.timeout(60_000);
    let bench: Bench;
    before(async () => {
      bench = await Bench.start(tool);
      await bench.ok(['apply', '-f', '-'], web(1));
      await bench.ok(['create', '-f', '-'], shellPod);
      await bench.ok(['wait', '--for=condition=Ready', 'pod/shell', '--timeout=25s']);
      await bench.ok(['rollout', 'status', 'deployment/web', '--timeout=25s']);
    });
    after(async () => {
      await bench.stop();
      assert.deepEqual(bench.failures, []);
    });

    const refused = async (args: readonly string[], stdin?: string): Promise<string> => {
      const { code, stdout, stderr } = await bench.run(args, stdin);
      assert.notEqual(code, 0, `${args.join(' ')} should have been refused: ${stdout}`);
      return stderr;
    };

    it('version', async () => {
      const version = JSON.parse(await bench.ok(['version', '-o', 'json']));
      assert.equal(version.serverVersion.major, '1');
      assert.match(version.serverVersion.gitVersion, /^v1\.\d+\.\d+/);
    });

    it('api-resources', async () => {
      const found = rows(await bench.ok(['api-resources', '--sort-by=name']));
      const lws = found.find((row) => row['NAME'] === 'leaderworkersets');
      assert.deepEqual(
        [lws?.['SHORTNAMES'], lws?.['APIVERSION'], lws?.['NAMESPACED'], lws?.['KIND']],
        ['lws', 'leaderworkerset.x-k8s.io/v1', 'true', 'LeaderWorkerSet'],
      );
      for (const name of ['pods', 'deployments', 'gateways', 'inferencepools'])
        assert.ok(
          found.some((row) => row['NAME'] === name),
          name,
        );
    });

    it('get: tables, wide, names and selectors', async () => {
      const [pod] = rows(await bench.ok(['get', 'pod', 'shell']));
      assert.deepEqual([pod?.['READY'], pod?.['STATUS'], pod?.['RESTARTS']], ['2/2', 'Running', '0']);
      const [wide] = rows(await bench.ok(['get', 'pod', 'shell', '-o', 'wide']));
      assert.match(wide?.['IP'] ?? '', /^10\./);
      assert.equal(wide?.['NODE'], await bench.ok(['get', 'pod', 'shell', '-o', 'jsonpath={.spec.nodeName}']));
      const nodes = rows(await bench.ok(['get', 'nodes']));
      assert.equal(nodes.filter((row) => row['STATUS'] === 'Ready').length, 3);
      assert.equal(nodes.filter((row) => row['STATUS'] === 'Ready,SchedulingDisabled').length, 1);
      const [deployment] = rows(await bench.ok(['get', 'deployments', 'web', '-o', 'wide']));
      assert.deepEqual(
        [deployment?.['READY'], deployment?.['UP-TO-DATE'], deployment?.['CONTAINERS'], deployment?.['SELECTOR']],
        ['1/1', '1', 'main', 'app=web'],
      );
      assert.match(
        await bench.ok(['get', 'pods', '-l', 'app=web', '-o', 'name']),
        /^pod\/web-[a-z0-9]+-[a-z0-9]{5}\n$/,
      );
      assert.equal(await bench.ok(['get', 'pods', '-l', 'app in (shell),app!=web', '-o', 'name']), 'pod/shell\n');
      assert.equal(
        await bench.ok(['get', 'pods', '--field-selector', 'status.phase=Running,metadata.name=shell', '-o', 'name']),
        'pod/shell\n',
      );
      assert.equal(await bench.ok(['get', 'pods', '--field-selector', 'spec.nodeName=nowhere', '-o', 'name']), '');
      assert.match(await bench.ok(['get', 'all', '-A']), /service\/kubernetes/);
      assert.match(await refused(['get', 'pod', 'absent']), /Error from server \(NotFound\): pods "absent" not found/);
      assert.match(
        await refused(['get', 'pods', '--field-selector', 'spec.image=x']),
        /field label not supported: spec\.image/,
      );
    });

    it('get: yaml and json', async () => {
      const object = JSON.parse(await bench.ok(['get', 'deployment', 'web', '-o', 'json']));
      assert.equal(object.spec.template.spec.containers[0].image, 'busybox:1.36');
      assert.equal(object.metadata.namespace, 'llm-d');
      assert.match(await bench.ok(['get', 'service', 'web', '-o', 'yaml']), /^ {2}clusterIP: 10\.96\./m);
      const chunked = JSON.parse(await bench.ok(['get', 'customresourcedefinitions', '--chunk-size=2', '-o', 'json']));
      assert.ok(chunked.items.length > 5);
    });

    it('get -w', async () => {
      const watching = bench.start([
        'get',
        'configmaps',
        '-w',
        '--field-selector',
        'metadata.name=watched',
        '--output-watch-events',
      ]);
      try {
        await bench.ok(['create', 'configmap', 'watched', '--from-literal=a=1']);
        await watching.until(/ADDED +watched +1 /);
        await bench.ok(['patch', 'configmap', 'watched', '--type=merge', '-p', '{"data":{"b":"2"}}']);
        await watching.until(/MODIFIED +watched +2 /);
        await bench.ok(['delete', 'configmap', 'watched']);
        await watching.until(/DELETED +watched +2 /);
        assert.equal(watching.text.match(/^EVENT/gm)?.length, 1);
      } finally {
        await watching.stop();
      }
    });

    it('describe', async () => {
      const pod = await bench.ok(['describe', 'pod', 'shell']);
      assert.match(pod, /^Status: +Running$/m);
      assert.match(pod, /Normal +Scheduled .*Successfully assigned llm-d\/shell to /);
      assert.match(pod, /Normal +Started /);
      const node = await bench.ok([
        'describe',
        'node',
        await bench.ok(['get', 'pod', 'shell', '-o', 'jsonpath={.spec.nodeName}']),
      ]);
      assert.match(node, /nvidia\.com\/gpu: +8/);
      assert.match(node, /llm-d +shell/);
      assert.match(
        await bench.ok(['describe', 'deployment', 'web']),
        /Replicas: +1 desired \| 1 updated \| 1 total \| 1 available \| 0 unavailable/,
      );
      assert.match(await bench.ok(['describe', 'service', 'web']), /TargetPort: +http\/TCP/);
    });

    it('explain', async () => {
      assert.match(await bench.ok(['explain', 'pod.spec.containers.ports']), /containerPort\s+<integer> -required-/);
      assert.match(await bench.ok(['explain', 'leaderworkersets.spec.leaderWorkerTemplate']), /size\s+<integer>/);
      assert.match(await bench.ok(['explain', 'deployments', '--recursive']), /maxSurge/);
      assert.match(await refused(['explain', 'pod.spec.nothing']), /field "nothing" does not exist/);
    });

    it('create', async () => {
      assert.match(await bench.ok(['create', 'namespace', 'made']), /namespace\/made created/);
      await bench.ok(['create', '-n', 'made', 'secret', 'generic', 'token', '--from-literal=key=value']);
      assert.equal(await bench.ok(['get', '-n', 'made', 'secret', 'token', '-o', 'jsonpath={.data.key}']), 'dmFsdWU=');
      await bench.ok(['create', '-n', 'made', 'deployment', 'quiet', '--image=busybox', '--replicas=0', '--port=80']);
      assert.equal(
        await bench.ok(['get', '-n', 'made', 'deployment', 'quiet', '-o', 'jsonpath={.spec.replicas}']),
        '0',
      );
      assert.match(
        await refused(['create', '-n', 'made', 'secret', 'generic', 'token']),
        /Error from server \(AlreadyExists\)|already exists/,
      );
      assert.match(await refused(['create', '-n', 'absent', 'configmap', 'x']), /namespaces "absent" not found/);
      await bench.ok(['delete', 'namespace', 'made', '--timeout=25s']);
    });

    it('apply: client-side', async () => {
      assert.match(
        await bench.ok(['apply', '-f', '-'], web(1)),
        /deployment\.apps\/web unchanged\nservice\/web unchanged/,
      );
      assert.match(await bench.ok(['apply', '-f', '-'], web(1, 'busybox:1.37')), /deployment\.apps\/web configured/);
      await bench.ok(['rollout', 'status', 'deployment/web', '--timeout=25s']);
      assert.equal(await bench.ok(['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.generation}']), '2');
      assert.match(
        await refused(['apply', '-f', '-'], web(1).replace('replicas:', 'replicass:')),
        /strict decoding error: unknown field "spec\.replicass"/,
      );
      assert.match(
        await refused(['apply', '--dry-run=server', '-f', '-'], web(-1)),
        /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
      );
    });

    it('apply --server-side', async () => {
      const map = (value: string): string =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {key: ${value}}\n`;
      assert.match(
        await bench.ok(['apply', '--server-side', '--field-manager=one', '-f', '-'], map('a')),
        /configmap\/shared serverside-applied/,
      );
      const conflict = await refused(['apply', '--server-side', '--field-manager=two', '-f', '-'], map('b'));
      assert.match(conflict, /Apply failed with 1 conflict: conflict with "one": \.data\.key/);
      await bench.ok(['apply', '--server-side', '--field-manager=two', '--force-conflicts', '-f', '-'], map('b'));
      const managers = JSON.parse(
        await bench.ok(['get', 'configmap', 'shared', '-o', 'json', '--show-managed-fields']),
      ).metadata.managedFields.map((entry: { manager: string }) => entry.manager);
      assert.deepEqual(managers, ['two']);
    });

    it('diff', async () => {
      const same = await bench.run(['diff', '-f', '-'], web(1, 'busybox:1.37'));
      assert.deepEqual([same.code, same.stdout], [0, '']);
      const different = await bench.run(['diff', '-f', '-'], web(4, 'busybox:1.37'));
      assert.equal(different.code, 1);
      assert.match(different.stdout, /^-  replicas: 1$/m);
      assert.match(different.stdout, /^\+  replicas: 4$/m);
      assert.equal(await bench.ok(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}']), '1');
    });

    it('patch, label and annotate', async () => {
      await bench.ok([
        'patch',
        'service',
        'web',
        '-p',
        '{"spec":{"ports":[{"port":81,"name":"more"},{"port":80,"name":"first"}]}}',
      ]);
      assert.equal(await bench.ok(['get', 'service', 'web', '-o', 'jsonpath={.spec.ports[*].port}']), '81 80');
      await bench.ok(['patch', 'service', 'web', '--type=json', '-p', '[{"op":"remove","path":"/spec/ports/0"}]']);
      await bench.ok(['patch', 'service', 'web', '--type=merge', '-p', '{"metadata":{"labels":{"merged":"yes"}}}']);
      assert.match(await bench.ok(['label', 'service', 'web', 'tier=front']), /service\/web labeled/);
      assert.match(await refused(['label', 'service', 'web', 'tier=back']), /already has a value/);
      await bench.ok(['label', 'service', 'web', 'tier-']);
      await bench.ok(['annotate', 'service', 'web', 'note=some words']);
      const { metadata, spec } = JSON.parse(await bench.ok(['get', 'service', 'web', '-o', 'json']));
      assert.deepEqual(metadata.labels, { merged: 'yes' });
      assert.equal(metadata.annotations.note, 'some words');
      assert.equal(spec.ports.length, 1);
    });

    it('scale, rollout status and wait', async () => {
      assert.match(await bench.ok(['scale', 'deployment', 'web', '--replicas=3']), /deployment\.apps\/web scaled/);
      assert.match(await bench.ok(['rollout', 'status', 'deployment/web', '--timeout=25s']), /successfully rolled out/);
      await bench.ok(['wait', '--for=jsonpath={.status.readyReplicas}=3', 'deployment/web', '--timeout=25s']);
      await bench.ok(['wait', '--for=condition=Available', 'deployment/web', '--timeout=25s']);
      assert.equal(
        rows(await bench.ok(['get', 'pods', '-l', 'app=web'])).filter((row) => row['STATUS'] === 'Running').length,
        3,
      );
      assert.match(
        await refused(['scale', 'deployment', 'web', '--replicas=5', '--current-replicas=9']),
        /current-replicas|Expected replicas to be 9/,
      );
      await bench.ok(['scale', 'deployment', 'web', '--replicas=1']);
      const timedOut = await bench.run(['wait', '--for=condition=Absent', 'pod/shell', '--timeout=1s']);
      assert.equal(timedOut.code, 1);
      assert.match(timedOut.stderr, /timed out waiting for the condition/);
    });

    it('delete with wait', async () => {
      await bench.ok(['apply', '-f', '-'], web(2).replaceAll('web', 'brief'));
      await bench.ok(['rollout', 'status', 'deployment/brief', '--timeout=25s']);
      await bench.ok(['delete', 'deployment', 'brief', '--wait', '--cascade=foreground', '--timeout=25s']);
      assert.equal(await bench.ok(['get', 'pods,replicasets', '-l', 'app=brief', '-o', 'name']), '');
      await bench.ok(['delete', 'service', 'brief', '--now']);
      assert.match(await refused(['delete', 'service', 'brief']), /NotFound/);
      await bench.ok(['delete', 'service', 'brief', '--ignore-not-found']);
    });

    it('logs', async () => {
      assert.match(await refused(['logs', 'absent']), /pods "absent" not found/);
      assert.equal(await bench.ok(['logs', 'shell', '-c', 'main']), 'line 1\nline 2\nline 3\nline 4\nline 5\n');
      assert.equal(await bench.ok(['logs', 'shell', '-c', 'main', '--tail=2']), 'line 4\nline 5\n');
      assert.equal(await bench.ok(['logs', 'shell', '-c', 'side']), 'beside\n');
      assert.match(
        await bench.ok(['logs', 'shell', '-c', 'main', '--timestamps', '--tail=1']),
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 5\n$/,
      );
      assert.match(await refused(['logs', 'shell', '-c', 'none']), /container none is not valid for pod shell/);
      assert.match(
        await refused(['logs', 'shell', '-c', 'main', '--previous']),
        /previous terminated container "main" in pod "shell" not found/,
      );
    });

    it('logs -f and --previous of a container that restarts', async () => {
      await bench.ok(
        ['apply', '-f', '-'],
        `
apiVersion: v1
kind: Pod
metadata: {name: restarting}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: main, image: busybox, command: [sh, -c, "echo up $(ls /keep | wc -l); touch /keep/$RANDOM; sleep 5; exit 3"], volumeMounts: [{name: keep, mountPath: /keep}]}
  volumes: [{name: keep, emptyDir: {}}]
`,
      );
      await bench.ok(['wait', '--for=condition=Ready', 'pod/restarting', '--timeout=25s']);
      const following = bench.start(['logs', '-f', 'restarting']);
      await following.until(/up 0/);
      await bench.ok([
        'wait',
        '--for=jsonpath={.status.containerStatuses[0].restartCount}=1',
        'pod/restarting',
        '--timeout=25s',
      ]);
      await following.ended;
      assert.equal(await bench.ok(['logs', 'restarting', '--previous']), 'up 0\n');
      await bench.ok(['delete', 'pod', 'restarting', '--grace-period=0', '--force']);
    });

    it('exec: streams and exit codes', async () => {
      const failed = await bench.run([
        'exec',
        'shell',
        '-c',
        'main',
        '--',
        'sh',
        '-c',
        'echo out; echo err >&2; exit 7',
      ]);
      assert.deepEqual([failed.code, failed.stdout], [7, 'out\n']);
      assert.match(failed.stderr, /^err\n/);
      const piped = await bench.run(['exec', '-i', 'shell', '-c', 'main', '--', 'cat'], 'first\nlast without end');
      assert.deepEqual([piped.code, piped.stdout], [0, 'first\nlast without end']);
      assert.match(await refused(['exec', 'absent', '--', 'true']), /pods "absent" not found/);
      assert.match(await refused(['exec', 'shell', '-c', 'none', '--', 'true']), /container none|container not found/);
      assert.notEqual((await bench.run(['exec', 'shell', '-c', 'main', '--', 'no-such-command'])).code, 0);
      assert.ok(bench.cluster.upgrades.of('exec', 'websocket') >= 3);
      assert.equal(bench.cluster.upgrades.of('exec', 'spdy'), 0);
    });

    it('exec -it: a terminal', async () => {
      const terminal = (command: string): string[] => [
        '-qec',
        `'${bench.path}' exec -it shell -c main -- ${command}`,
        '/dev/null',
      ];
      const ended = await bench.runCommand('script', terminal("sh -c 'echo in a terminal; exit 5'"));
      assert.match(ended.stdout, /in a terminal\r\n/);
      assert.equal(ended.code, 5);
      const typed = await bench.runCommand('script', terminal('bash'), 'echo $((40 + 2)) is\nexit 3\n');
      assert.match(typed.stdout, /echo \$\(\(40 \+ 2\)\) is\r\n[^]*42 is\r\n/);
      assert.equal(typed.code, 3);
    });

    it('cp: both ways', async () => {
      const content = Array.from({ length: 20_000 }, (_unused, index) => `row ${index} of the file\n`).join('');
      const source = await bench.file('source.txt', content);
      await bench.ok(['cp', source, 'shell:/tmp/copied.txt', '-c', 'main']);
      await bench.ok(['cp', 'shell:/tmp/copied.txt', join(bench.directory, 'back.txt'), '-c', 'main']);
      assert.equal(await readFile(join(bench.directory, 'back.txt'), 'utf8'), content);
      assert.equal(bench.cluster.upgrades.of('exec', 'spdy'), 0);
    });

    it('port-forward', async () => {
      await bench.ok(
        ['apply', '-f', '-'],
        `
apiVersion: v1
kind: Pod
metadata: {name: server}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: vllm, image: ghcr.io/llm-d/llm-d-cuda:v0.6.0, command: [vllm, serve, Qwen/Qwen3-0.6B], ports: [{containerPort: 8000}], readinessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 1}}]
`,
      );
      await bench.ok(['wait', '--for=condition=Ready', 'pod/server', '--timeout=28s']);
      const forward = bench.start(['port-forward', 'pod/server', ':8000']);
      try {
        const [, port = ''] = await forward.until(/Forwarding from 127\.0\.0\.1:(\d+) -> 8000/);
        const answer = await fetch(`http://127.0.0.1:${port}/v1/models`);
        assert.equal(answer.status, 200);
        const models = (await answer.json()) as { data: { id: string }[] };
        assert.equal(models.data[0]?.id, 'Qwen/Qwen3-0.6B');
      } finally {
        await forward.stop();
      }
      assert.ok(bench.cluster.upgrades.of('portforward', 'websocket') >= 1);
      assert.equal(bench.cluster.upgrades.of('portforward', 'spdy'), 0);
      await bench.ok(['delete', 'pod', 'server', '--now']);
    });

    it('auth can-i', async () => {
      assert.equal(await bench.ok(['auth', 'can-i', 'create', 'pods']), 'yes\n');
      await bench.ok(['create', 'serviceaccount', 'reader']);
      await bench.ok(['create', 'role', 'read', '--verb=get,list', '--resource=pods']);
      await bench.ok(['create', 'rolebinding', 'read', '--role=read', '--serviceaccount=llm-d:reader']);
      const token = (await bench.ok(['create', 'token', 'reader'])).trim();
      const asReader = [
        '--token',
        token,
        '--kubeconfig',
        await bench.file(
          'reader',
          (await readFile(bench.cluster.kubeconfigPath, 'utf8')).replace(/"token": "[^"]*"/, '"token": ""'),
        ),
      ];
      assert.equal(await bench.ok(['auth', 'can-i', 'list', 'pods', ...asReader]), 'yes\n');
      const no = await bench.run(['auth', 'can-i', 'delete', 'pods', ...asReader]);
      assert.deepEqual([no.code, no.stdout], [1, 'no\n']);
      assert.match(
        await refused(['delete', 'pod', 'shell', ...asReader]),
        /Error from server \(Forbidden\): pods "shell" is forbidden: User "system:serviceaccount:llm-d:reader" cannot delete resource "pods" in API group "" in the namespace "llm-d"/,
      );
      assert.match(await bench.ok(['auth', 'can-i', '--list', ...asReader]), /pods +\[\] +\[\] +\[get list\]/);
    });
  });
}

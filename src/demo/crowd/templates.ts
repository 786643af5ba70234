import type { Json } from '../controllers/core/objects.ts';

/** Marks what belongs to the crowd, in plain sight: pods that hold resources and a status, and run nothing. */
export const crowdLabel = 'demo.llm-d/crowd';

/** What a pod of the crowd asks of its node, and whose it is. */
export interface PodNeeds {
  readonly app: string;
  readonly owner: string;
  readonly cpu: number;
  readonly memoryGi: number;
  readonly gpus: number;
}

export const modelName = 'meta-llama/Llama-3.3-70B-Instruct';
const modelLabel = 'Llama-3.3-70B-Instruct';
const vllmImage = 'ghcr.io/llm-d/llm-d-cuda:v0.4.0';
const proxyImage = 'ghcr.io/llm-d/llm-d-routing-sidecar:v0.4.0';

function template(needs: PodNeeds, labels: Json, annotations: Json, spec: Json): Json {
  return {
    metadata: {
      labels: { 'app.kubernetes.io/name': needs.app, [crowdLabel]: 'true', 'llm-d.ai/owner': needs.owner, ...labels },
      annotations: { 'prometheus.io/scrape': 'true', ...annotations },
    },
    spec: { terminationGracePeriodSeconds: 30, enableServiceLinks: false, ...spec },
  };
}

function resources({ cpu, memoryGi, gpus }: PodNeeds): Json {
  const amounts = {
    cpu: String(cpu),
    memory: `${memoryGi}Gi`,
    ...(gpus === 0 ? {} : { 'nvidia.com/gpu': String(gpus) }),
  };
  return {
    requests: amounts,
    limits: { memory: amounts.memory, ...(gpus === 0 ? {} : { 'nvidia.com/gpu': String(gpus) }) },
  };
}

function variables(values: Readonly<Record<string, string>>): Json[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function field(name: string, fieldPath: string): Json {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

function probe(path: string, port: string | number, periodSeconds: number, failureThreshold: number): Json {
  return { httpGet: { path, port, scheme: 'HTTP' }, periodSeconds, failureThreshold, timeoutSeconds: 5 };
}

/** A vLLM server with the routing proxy in front of it, as llm-d's guides write decode and prefill pods. */
export function modelServer(needs: PodNeeds, role: 'prefill' | 'decode', dataParallel: boolean): Json {
  const port = role === 'decode' ? 8200 : 8000;
  const script = [
    '# The start of a rank follows from its place in the group.',
    'START_RANK=$(( ${LWS_WORKER_INDEX:-0} * DP_SIZE_LOCAL ))',
    `exec vllm serve ${modelName} \\`,
    `  --port ${port} --trust-remote-code --disable-uvicorn-access-log \\`,
    `  ${dataParallel ? '--data-parallel-hybrid-lb --enable-expert-parallel --tensor-parallel-size 1 --data-parallel-size $(( LWS_GROUP_SIZE * DP_SIZE_LOCAL )) --data-parallel-size-local ${DP_SIZE_LOCAL} --data-parallel-address ${LWS_LEADER_ADDRESS} --data-parallel-rpc-port 5555 --data-parallel-start-rank ${START_RANK}' : `--tensor-parallel-size ${needs.gpus}`} \\`,
    '  --kv_transfer_config \'{"kv_connector":"NixlConnector","kv_role":"kv_both","kv_load_failure_policy":"fail"}\'',
  ].join('\n');
  return template(
    needs,
    { 'llm-d.ai/inferenceServing': 'true', 'llm-d.ai/model': modelLabel, 'llm-d.ai/role': role },
    { 'prometheus.io/port': String(port) },
    {
      ...(role === 'decode'
        ? {
            initContainers: [
              {
                name: 'routing-proxy',
                image: proxyImage,
                imagePullPolicy: 'IfNotPresent',
                restartPolicy: 'Always',
                args: ['--port=8000', '--vllm-port=8200', '--connector=nixlv2', '--secure-proxy=false'],
                ports: [{ name: 'proxy', containerPort: 8000, protocol: 'TCP' }],
                securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true },
              },
            ],
          }
        : {}),
      containers: [
        {
          name: 'vllm',
          image: vllmImage,
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/bash', '-c'],
          args: [script],
          env: [
            ...variables({
              DP_SIZE_LOCAL: String(needs.gpus),
              HF_HOME: '/var/cache/huggingface',
              VLLM_CACHE_ROOT: '/var/cache/vllm',
              VLLM_USE_DEEP_GEMM: '1',
              VLLM_ALL2ALL_BACKEND: 'deepep_low_latency',
              NVIDIA_GDRCOPY: 'enabled',
              GLOO_SOCKET_IFNAME: 'eth0',
              NCCL_SOCKET_IFNAME: 'eth0',
              NCCL_IB_HCA: 'ibp',
              NVSHMEM_REMOTE_TRANSPORT: 'ibgda',
              VLLM_LOGGING_LEVEL: 'INFO',
            }),
            field('VLLM_NIXL_SIDE_CHANNEL_HOST', 'status.podIP'),
            {
              name: 'HF_TOKEN',
              valueFrom: { secretKeyRef: { name: 'llm-d-hf-token', key: 'HF_TOKEN', optional: true } },
            },
          ],
          ports: [
            { name: 'vllm', containerPort: port, protocol: 'TCP' },
            { name: 'nixl', containerPort: 5600, protocol: 'TCP' },
          ],
          resources: resources(needs),
          startupProbe: probe('/health', 'vllm', 1, 2700),
          readinessProbe: probe('/v1/models', 'vllm', 10, 3),
          livenessProbe: probe('/health', 'vllm', 30, 3),
          securityContext: { capabilities: { add: ['IPC_LOCK', 'SYS_RAWIO'] }, runAsUser: 0 },
          volumeMounts: [
            { name: 'dshm', mountPath: '/dev/shm' },
            { name: 'hf-cache', mountPath: '/var/cache/huggingface' },
            { name: 'jit-cache', mountPath: '/var/cache/vllm' },
          ],
        },
      ],
      volumes: [
        { name: 'dshm', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
        { name: 'hf-cache', emptyDir: {} },
        { name: 'jit-cache', emptyDir: {} },
      ],
    },
  );
}

/** A training or evaluation worker that keeps its GPUs for hours. */
export function batchWorker(needs: PodNeeds): Json {
  return template(
    needs,
    {},
    { 'prometheus.io/port': '9400' },
    {
      restartPolicy: 'OnFailure',
      containers: [
        {
          name: 'worker',
          image: 'pytorch/pytorch:2.8.0-cuda12.8-cudnn9-runtime',
          imagePullPolicy: 'IfNotPresent',
          command: [
            'torchrun',
            '--nnodes=1',
            `--nproc-per-node=${Math.max(needs.gpus, 1)}`,
            '--rdzv-backend=c10d',
            '/workspace/train.py',
            '--config=/workspace/config.yaml',
            '--resume=auto',
          ],
          env: [
            ...variables({
              OMP_NUM_THREADS: '8',
              NCCL_DEBUG: 'WARN',
              NCCL_IB_HCA: 'ibp',
              NCCL_SOCKET_IFNAME: 'eth0',
              TORCH_NCCL_ASYNC_ERROR_HANDLING: '1',
              PYTORCH_CUDA_ALLOC_CONF: 'expandable_segments:True',
              DATA_DIR: '/data',
            }),
            field('NODE_NAME', 'spec.nodeName'),
          ],
          resources: resources(needs),
          volumeMounts: [
            { name: 'dshm', mountPath: '/dev/shm' },
            { name: 'data', mountPath: '/data' },
          ],
        },
      ],
      volumes: [
        { name: 'dshm', emptyDir: { medium: 'Memory' } },
        { name: 'data', emptyDir: {} },
      ],
    },
  );
}

/** A service without GPUs, such as stand around every serving stack. */
export function service(needs: PodNeeds): Json {
  return template(
    needs,
    { 'app.kubernetes.io/version': '1.24.3' },
    { 'prometheus.io/port': '9090' },
    {
      containers: [
        {
          name: 'app',
          image: `ghcr.io/llm-d/${needs.app}:1.24.3`,
          imagePullPolicy: 'IfNotPresent',
          args: ['serve', '--listen=0.0.0.0:8080', '--metrics=0.0.0.0:9090'],
          env: [
            ...variables({ GOMEMLIMIT: `${needs.memoryGi}GiB`, OTEL_SERVICE_NAME: needs.app }),
            field('POD_IP', 'status.podIP'),
          ],
          ports: [
            { name: 'http', containerPort: 8080, protocol: 'TCP' },
            { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
          ],
          resources: resources(needs),
          readinessProbe: probe('/readyz', 'http', 10, 3),
          securityContext: { runAsNonRoot: true },
        },
      ],
    },
  );
}

/** What a platform team runs on every node. */
export function daemon(needs: PodNeeds): Json {
  return template(
    needs,
    { 'app.kubernetes.io/version': '2.9.1' },
    { 'prometheus.io/port': '9100' },
    {
      hostNetwork: true,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'agent',
          image: `ghcr.io/llm-d/${needs.app}:2.9.1`,
          imagePullPolicy: 'IfNotPresent',
          args: ['--path.procfs=/host/proc', '--web.listen-address=$(HOST_IP):9100', '--log.level=warn'],
          env: [field('HOST_IP', 'status.hostIP')],
          resources: resources(needs),
          readinessProbe: probe('/healthz', 9100, 15, 3),
          volumeMounts: [{ name: 'proc', mountPath: '/host/proc', readOnly: true }],
        },
      ],
      volumes: [{ name: 'proc', hostPath: { path: '/proc' } }],
    },
  );
}

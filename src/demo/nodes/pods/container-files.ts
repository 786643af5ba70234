import { getCommandNames, InMemoryFs, type IFileSystem, type InitialFiles } from 'just-bash';
import { ownCommandNames } from '../shell/commands/index.ts';
import { internalCommand } from '../shell/live-script.ts';
import { hostnameOf, type NodePod } from './pod-spec.ts';

const executable = 0o755;

/** Programs that are part of the shell itself. */
const shellPrograms = [
  'bash',
  'sh',
  'zsh',
  'env',
  'test',
  '[',
  'echo',
  'printf',
  'true',
  'false',
  'pwd',
  'nohup',
  'timeout',
];

/** Directories of any image. */
const directories = [
  '/bin',
  '/dev',
  '/etc',
  '/home',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/tmp',
  '/usr/bin',
  '/usr/local/bin',
  '/var/log',
  '/var/run',
  '/workspace',
  '/app',
];

/** The files that a container starts with: its image's, and what the kubelet writes into every container. */
export function imageFiles(pod: NodePod, podIp: string, programs: readonly string[]): IFileSystem {
  const host = hostnameOf(pod);
  const domain =
    pod.spec.subdomain === undefined ? '' : `${host}.${pod.spec.subdomain}.${pod.namespace}.svc.cluster.local\t`;
  const files: InitialFiles = {
    '/etc/hostname': `${host}\n`,
    '/etc/hosts': `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${podIp}\t${domain}${host}\n`,
    '/etc/resolv.conf': `search ${pod.namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n`,
    '/etc/os-release':
      'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    '/etc/group': 'root:x:0:\n',
    '/dev/null': '',
    '/dev/termination-log': '',
  };
  const fs = new InMemoryFs(files);
  for (const directory of directories) fs.mkdirSync(directory, { recursive: true });
  for (const program of new Set([
    ...getCommandNames(),
    ...shellPrograms,
    ...ownCommandNames,
    ...Object.values(internalCommand),
    ...programs,
  ])) {
    fs.writeFileSync(`/usr/bin/${program}`, '', 'utf8', { mode: executable });
    if (program === 'bash' || program === 'sh') fs.writeFileSync(`/bin/${program}`, '', 'utf8', { mode: executable });
  }
  return fs;
}

/** The one thing that we take of the client library. Named here, so that a bundle holds it without the rest of that library. */
export { KubeConfig } from '@kubernetes/client-node';

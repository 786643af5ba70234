/** The annotation that asks for faults on a pod: names, separated by commas. */
export const faultAnnotation = 'demo.llm-d/fault';

/** Who I am on a shared cluster, as a label value: the given name, else the system's user name. */
export function ownerName(env: Readonly<Record<string, string | undefined>>, setting?: string): string {
  return labelValue(setting || env['USER'] || env['LOGNAME'] || env['USERNAME'] || '') || 'unknown';
}

/** Lower case letters, digits and dashes, at most 40 of them, so that names such as `poker-<owner>` stay valid too. */
function labelValue(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
}

/** Licences that ask for no more than to be named and passed on. */
const permissive = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'Zlib',
  'WTFPL',
  'CC-BY-4.0',
  'PSF-2.0',
  'Artistic-2.0',
]);

/** Whether an SPDX expression leaves a way to use the package under permissive licences alone. */
export function isPermissive(expression: string): boolean {
  return expression
    .replace(/^\(|\)$/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => permissive.has(licence)));
}

import * as vscode from 'vscode';
import { titleOf, type ArgumentOf, type CommandId } from './table.ts';

/** An argument that the compiler has checked: no reader needs to look at it. */
export class Handed {
  readonly argument: unknown;

  constructor(argument: unknown) {
    this.argument = argument;
  }
}

/** Runs a command as a menu would; without an argument it asks. Its failures are shown to the person. */
export async function run<Id extends CommandId>(
  id: Id,
  ...argument: [ArgumentOf<Id>] extends [never] ? [] : [argument?: ArgumentOf<Id>]
): Promise<void> {
  await vscode.commands.executeCommand(id, ...argument.map((each) => new Handed(each)));
}

/** Buttons of a notification: what each does, by its text. */
export type Buttons = Readonly<Record<string, () => unknown>>;

/** A button that runs a command, by its title. */
export function button(id: CommandId): Buttons {
  return { [titleOf(id)]: () => run(id) };
}

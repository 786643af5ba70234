import * as vscode from 'vscode';
import { disposable, DisposableStore } from '../../base/disposables.ts';
import { fitLine } from '../../base/fit-text.ts';

/** How a person left a question. */
export type Answer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'back' }
  | { readonly kind: 'away' };

/** A line between choices. */
export interface Separator {
  readonly separator: string;
}

export interface Choice<T> {
  /** Name of a product icon, with `~spin` where it turns. */
  readonly icon?: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly detail?: string | undefined;
  readonly alwaysShow?: boolean;
  readonly picked?: boolean;
  readonly value: T;
}

export interface ChooseOptions<T> {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
  readonly placeholder: string;
  readonly choices: () => Promise<readonly (Choice<T> | Separator)[]>;
  /** Picked out first, so that Enter repeats the last choice. */
  readonly last?: (value: T) => boolean;
  /** Called for a choice that opens something beside the list instead of answering it; true keeps the list open. */
  readonly peek?: (value: T) => Promise<boolean>;
}

/** A list to choose from. It opens at once and shows that it is busy while its choices are on the way; a failure to get them rejects. */
export function choose<T>(options: ChooseOptions<T>): Promise<Answer<T>> {
  const pick = vscode.window.createQuickPick<Item<T>>();
  const owned = new DisposableStore();
  owned.add(pick);
  pick.title = fitLine(options.title);
  pick.placeholder = fitLine(options.placeholder);
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  if (options.step !== undefined) pick.step = options.step;
  if (options.totalSteps !== undefined) pick.totalSteps = options.totalSteps;
  if ((options.step ?? 1) > 1) pick.buttons = [vscode.QuickInputButtons.Back];
  pick.busy = true;
  const { promise, resolve, reject } = Promise.withResolvers<Answer<T>>();
  owned.add(pick.onDidHide(() => resolve({ kind: 'away' })));
  owned.add(pick.onDidTriggerButton((button) => button === vscode.QuickInputButtons.Back && resolve({ kind: 'back' })));
  owned.add(
    pick.onDidAccept(() => {
      // The selection comes with the acceptance; what is active may not have arrived yet.
      const chosen = [...pick.selectedItems, ...pick.activeItems].find(({ choice }) => choice !== undefined)?.choice;
      if (!chosen) return;
      const { value } = chosen;
      if (!options.peek) resolve({ kind: 'answer', value });
      else options.peek(value).then((stay) => !stay && resolve({ kind: 'answer', value }), reject);
    }),
  );
  pick.show();
  const fill = async (): Promise<void> => {
    const items = (await options.choices()).map(itemOf);
    pick.items = items;
    pick.busy = false;
    const last = items.find(({ choice }) => choice && options.last?.(choice.value));
    if (last) pick.activeItems = [last];
  };
  fill().catch(reject);
  return promise.finally(() => owned.dispose());
}

export interface ChooseManyOptions<T> {
  readonly title: string;
  readonly placeholder: string;
  readonly choices: readonly (Choice<T> | Separator)[];
}

/** A list to tick; undefined when the person went away. */
export async function chooseMany<T>({
  title,
  placeholder,
  choices,
}: ChooseManyOptions<T>): Promise<readonly T[] | undefined> {
  const options = {
    canPickMany: true,
    title: fitLine(title),
    placeHolder: fitLine(placeholder),
    matchOnDescription: true,
    matchOnDetail: true,
  } as const;
  const chosen = await vscode.window.showQuickPick(choices.map(itemOf), options);
  return chosen?.flatMap(({ choice }) => (choice ? [choice.value] : []));
}

/** What VS Code shows of a choice; it draws `$(flame)` in these texts as an icon. */
interface Item<T> extends vscode.QuickPickItem {
  readonly choice?: Choice<T>;
}

function itemOf<T>(choice: Choice<T> | Separator): Item<T> {
  if ('separator' in choice) return { label: fitLine(choice.separator), kind: vscode.QuickPickItemKind.Separator };
  const { icon, label, description, detail, alwaysShow, picked } = choice;
  return {
    label: icon === undefined ? fitLine(label) : `$(${icon}) ${fitLine(label)}`,
    ...(description === undefined ? {} : { description: fitLine(description) }),
    ...(detail === undefined ? {} : { detail: fitLine(detail) }),
    ...(alwaysShow === undefined ? {} : { alwaysShow }),
    ...(picked === undefined ? {} : { picked }),
    choice,
  };
}

export interface EnterOptions {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
  readonly prompt: string;
  readonly value: string;
  /** Why a text cannot be taken; undefined when it can. */
  readonly refuse: (text: string) => string | undefined;
}

/** A line of text. */
export function enter(options: EnterOptions): Promise<Answer<string>> {
  const box = vscode.window.createInputBox();
  const owned = new DisposableStore();
  owned.add(box);
  box.title = fitLine(options.title);
  box.prompt = fitLine(options.prompt);
  box.value = options.value;
  box.ignoreFocusOut = true;
  if (options.step !== undefined) box.step = options.step;
  if (options.totalSteps !== undefined) box.totalSteps = options.totalSteps;
  box.buttons = [vscode.QuickInputButtons.Back];
  const { promise, resolve } = Promise.withResolvers<Answer<string>>();
  owned.add(box.onDidHide(() => resolve({ kind: 'away' })));
  owned.add(box.onDidTriggerButton((button) => button === vscode.QuickInputButtons.Back && resolve({ kind: 'back' })));
  owned.add(
    box.onDidChangeValue((text) => {
      box.validationMessage = fitLine(options.refuse(text) ?? '');
    }),
  );
  owned.add(
    box.onDidAccept(() => {
      const refusal = options.refuse(box.value);
      if (refusal === undefined) resolve({ kind: 'answer', value: box.value });
      else box.validationMessage = fitLine(refusal);
    }),
  );
  box.show();
  owned.add(disposable(() => box.hide()));
  return promise.finally(() => owned.dispose());
}

/** A question of several: takes what is known so far and answers with more. */
export type Step<State> = (
  state: State,
  place: { readonly step: number; readonly totalSteps: number },
) => Promise<Answer<State>>;

/** Asks one question after the other; Back asks the one before again. Undefined: the person went away. */
export async function askInTurn<State>(start: State, steps: readonly Step<State>[]): Promise<State | undefined> {
  const states: State[] = [start];
  while (states.length <= steps.length) {
    const step = steps[states.length - 1];
    const state = states.at(-1);
    if (!step || state === undefined) return undefined;
    const answer = await step(state, { step: states.length, totalSteps: steps.length });
    if (answer.kind === 'away') return undefined;
    if (answer.kind === 'back') states.pop();
    else states.push(answer.value);
    if (states.length === 0) return undefined;
  }
  return states.at(-1);
}

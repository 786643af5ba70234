import type { KeyValueStore } from '../base/store.ts';
import { ownerName } from '../inventory/owner.ts';
import { owners, type Inspected } from './folder-settings.ts';

const KEY = 'llmd.ownerOfFolder';

/**
 * Who the person is on shared clusters, where a folder has a word in it: what carries that name would be theirs to stop.
 * The folder's name counts once they said that it is theirs, and another name is another question.
 */
export class FolderOwner {
  readonly #store: KeyValueStore;
  readonly #setting: () => Inspected | undefined;

  /** `store` is of this folder. */
  constructor(store: KeyValueStore, setting: () => Inspected | undefined) {
    this.#store = store;
    this.#setting = setting;
  }

  /** The name that counts; undefined where neither the person nor a folder that they confirmed sets one. */
  get counting(): string | undefined {
    const { person, folder } = owners(this.#setting());
    return (folder !== '' && this.#answered(folder) === true ? folder : person) || undefined;
  }

  /** The folder's name for who is `me` so far, where they have not said yet whether it is theirs. */
  openFor(me: string): string | undefined {
    const { folder } = owners(this.#setting());
    const name = folder === '' ? me : ownerName({}, folder);
    return name === me || this.#answered(folder) !== undefined ? undefined : name;
  }

  async answer(mine: boolean): Promise<void> {
    await this.#store.set(KEY, { name: owners(this.#setting()).folder, mine });
  }

  #answered(name: string): boolean | undefined {
    const answer = this.#store.get(KEY);
    const fits =
      typeof answer === 'object' && answer !== null && 'name' in answer && 'mine' in answer && answer.name === name;
    return fits ? answer.mine === true : undefined;
  }
}

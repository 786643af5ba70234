import type { Disposable } from './disposables.ts';
import { errorText, WorkbenchError } from './errors.ts';

/** Loads a part of the product that is not there from the start. What keeps it from loading is told with what to do. */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    throw new WorkbenchError({
      code: 'internal',
      message: `a part of the Workbench cannot be loaded: ${errorText(cause).split('\n', 1)[0] ?? ''}`,
      hint: 'It may just have been updated: reload the window, or run the command again. If that does not help, install it anew.',
      cause,
    });
  }
}

/** Methods that all answer with a promise: who calls them cannot tell whether the service was there before. */
type Asynchronous<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends (...given: never[]) => Promise<unknown>
    ? Service[Name]
    : never;
};

/** What `onFirstCall` answers: the service's methods, and an end of its own. */
export type OnFirstCall<Service> = Omit<Service, 'dispose'> & Disposable;

/**
 * A service that is made when one of its methods is first called. All calls share the one that was made; where making it
 * failed, the next call tries again. Disposing ends what was made, or is being made; a call that has not reached it by then, or comes
 * later, is `aborted`.
 */
export function onFirstCall<Service extends Asynchronous<Omit<Service, 'dispose'>>>(
  make: () => Promise<Service>,
): OnFirstCall<Service> {
  let making: Promise<Service> | undefined;
  let made: Service | undefined;
  let disposed = false;
  const service = async (): Promise<Service> => {
    if (disposed) throw closed();
    making ??= loadPart(make).then(
      (whole) => {
        if (disposed) end(whole);
        else made = whole;
        return whole;
      },
      (error: unknown) => {
        making = undefined;
        throw error;
      },
    );
    const whole = await making;
    if (disposed) throw closed();
    return whole;
  };
  const dispose = (): void => {
    disposed = true;
    if (made) end(made);
  };
  const call =
    (name: string) =>
    async (...given: readonly unknown[]): Promise<unknown> => {
      const whole = await service();
      const method: unknown = Reflect.get(whole, name);
      if (typeof method !== 'function') throw new TypeError(`the service has no method ${name}`);
      return Reflect.apply(method, whole, given);
    };
  // A promise that is resolved with the stand-in asks it for `then`.
  return new Proxy({ dispose } as OnFirstCall<Service>, {
    get: (_target, name) =>
      name === 'dispose' ? dispose : typeof name === 'symbol' || name === 'then' ? undefined : call(name),
  });
}

function closed(): WorkbenchError {
  return new WorkbenchError({ code: 'aborted', message: 'the Workbench was closed' });
}

function end(service: object): void {
  (service as Partial<Disposable>).dispose?.();
}

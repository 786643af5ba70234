import assert from 'node:assert/strict';
import type { Disposable } from '../../../src/base/disposables.ts';
import { isWorkbenchError, WorkbenchError } from '../../../src/base/errors.ts';
import { loadPart, onFirstCall } from '../../../src/base/parts.ts';

interface Adder extends Disposable {
  add(one: number, other: number): Promise<number>;
  refuse(): Promise<never>;
}

class CountingAdder implements Adder {
  #sum = 0;
  disposed = 0;

  add(one: number, other: number): Promise<number> {
    this.#sum += one + other;
    return Promise.resolve(this.#sum);
  }

  refuse(): Promise<never> {
    return Promise.reject(new WorkbenchError({ code: 'conflict', message: 'not this one' }));
  }

  dispose(): void {
    this.disposed += 1;
  }
}

describe('a service that is made on the first call', () => {
  it('is made once, for all calls, and keeps what it holds', async () => {
    let made = 0;
    const adder = onFirstCall<Adder>(() => {
      made += 1;
      return Promise.resolve(new CountingAdder());
    });
    assert.equal(made, 0, 'nothing is made before it is called');
    assert.deepEqual(await Promise.all([adder.add(1, 2), adder.add(3, 4)]), [3, 10]);
    assert.equal(made, 1);
    await assert.rejects(adder.refuse(), { code: 'conflict', message: 'not this one' });
  });

  it('is made again after a failure, which says what to do', async () => {
    let tries = 0;
    const adder = onFirstCall<Adder>(() => {
      tries += 1;
      return tries === 1
        ? Promise.reject(new Error("Cannot find module './service-ABC.cjs'\nRequire stack: ..."))
        : Promise.resolve(new CountingAdder());
    });
    await assert.rejects(adder.add(1, 1), (error: unknown) => {
      assert.ok(isWorkbenchError(error, 'internal'));
      assert.equal(error.message, "a part of the Workbench cannot be loaded: Cannot find module './service-ABC.cjs'");
      assert.match(error.hint ?? '', /reload the window/);
      return true;
    });
    assert.equal(await adder.add(1, 1), 2);
  });

  it('is disposed once it was made, and not made to be disposed', async () => {
    const service = new CountingAdder();
    const used = onFirstCall<Adder>(() => Promise.resolve(service));
    await used.add(1, 1);
    used.dispose();
    assert.equal(service.disposed, 1);
    let made = 0;
    const unused = onFirstCall<Adder>(() => {
      made += 1;
      return Promise.resolve(new CountingAdder());
    });
    unused.dispose();
    await assert.rejects(unused.add(1, 1), { code: 'aborted' });
    assert.equal(made, 0);
  });

  it('is disposed as soon as it is made, when its end came before; nothing is asked of it then or later', async () => {
    const service = new CountingAdder();
    const making = Promise.withResolvers<Adder>();
    const adder = onFirstCall<Adder>(() => making.promise);
    const sums = [adder.add(1, 1), adder.add(2, 2)];
    adder.dispose();
    making.resolve(service);
    for (const sum of sums) await assert.rejects(sum, { code: 'aborted' });
    await assert.rejects(adder.add(1, 1), { code: 'aborted' });
    assert.equal(service.disposed, 1);
  });

  it('is asked nothing after its end', async () => {
    const adder = onFirstCall<Adder>(() => Promise.resolve(new CountingAdder()));
    await adder.add(1, 1);
    adder.dispose();
    await assert.rejects(adder.add(1, 1), { code: 'aborted' });
  });

  it('can be handed through promises', async () => {
    const adder = onFirstCall<Adder>(() => Promise.resolve(new CountingAdder()));
    assert.equal(await Promise.resolve(adder), adder);
  });
});

describe('a part that is loaded when it is needed', () => {
  it('answers the module', async () => {
    const { errorText } = await loadPart(() => import('../../../src/base/errors.ts'));
    assert.equal(errorText(new Error('so')), 'so');
  });
});

// After the scenarios: whether what ChatJS handed over in them is of the types of its own typings.
import assert from 'node:assert/strict';
import { recorded } from '../support/results.mjs';
import { typeErrors } from './peer/typings.mjs';

for (const [id, { checked, errors }] of Object.entries(await typeErrors())) {
  recorded(id, `${checked} values that ChatJS handed over are of the types of its typings`, () => {
    assert.deepEqual(errors, []);
  });
}

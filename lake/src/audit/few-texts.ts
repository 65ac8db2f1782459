import { areEqual } from './bytes.js';
import type { TextTable } from './text-table.js';

/** Numbers the values of a column that has few of them: mostly that of the line before, which needs no hash. */
export class FewTexts {
  private readonly table: TextTable;
  private view: DataView | undefined;
  private start = 0;
  private length = 0;
  private number = 0;

  constructor(table: TextTable) {
    this.table = table;
  }

  /** Forgets the line before: its bytes or its number are no longer good. */
  begin(): void {
    this.view = undefined;
  }

  /** The number of the text in `view` from `start` to `end`; 0, that of none, for the 65,536th and later ones. */
  of(view: DataView, start: number, end: number): number {
    const length = end - start;
    if (view === this.view && length === this.length && areEqual(view, this.start, view, start, length))
      return this.number;
    const number = this.table.number(view, start, end);
    this.view = view;
    this.start = start;
    this.length = length;
    this.number = number > 0xffff ? 0 : number;
    return this.number;
  }
}

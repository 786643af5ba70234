import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

echarts.use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** A chart of a page; follows the size of its place. */
export class ChartCanvas {
  readonly #chart: echarts.ECharts;
  readonly #resized: ResizeObserver;

  constructor(place: HTMLElement) {
    this.#chart = echarts.init(place);
    this.#resized = new ResizeObserver(() => this.#chart.resize());
    this.#resized.observe(place);
  }

  /** Another picture in place of the one before. */
  draw(option: echarts.EChartsCoreOption): void {
    this.#chart.setOption(option, { notMerge: true });
  }

  /** The same picture with newer figures: what the person points at stays pointed at. Series need ids. */
  update(option: echarts.EChartsCoreOption): void {
    this.#chart.setOption(option, { replaceMerge: ['series'] });
  }

  /** Base64 of a PNG at twice the size, on the theme's background. */
  png(background: string): string {
    const url = this.#chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: background });
    return url.slice(url.indexOf(',') + 1);
  }

  dispose(): void {
    this.#resized.disconnect();
    this.#chart.dispose();
  }
}

import * as echarts from 'echarts/core';
import { LineChart, BarChart, ScatterChart, HeatmapChart, ParallelChart, CandlestickChart } from 'echarts/charts';
import { GridComponent, TooltipComponent, DataZoomComponent, VisualMapContinuousComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, LegendComponent, ParallelComponent, AriaComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';
echarts.use([LineChart, BarChart, ScatterChart, HeatmapChart, ParallelChart, CandlestickChart, GridComponent, TooltipComponent, DataZoomComponent, VisualMapContinuousComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, LegendComponent, ParallelComponent, AriaComponent, CanvasRenderer]);
export { init, getInstanceByDom } from 'echarts/core';

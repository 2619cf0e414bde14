//! CloudWatch: metric alarms. Metrics, dashboards and composite alarms are not made here.

pub mod alarm;
pub mod metric;

pub use alarm::{Alarm, AlarmArn};
pub use metric::{AlarmMetric, MetricQuery, MetricStatistic};

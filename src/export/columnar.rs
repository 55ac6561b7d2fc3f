//! Saved runs in Parquet: the rows of `monthly.csv` and `paths.csv`, in columns with types.
//!
//! Every column is required; texts are UTF-8, months are dates (their first day), `path` is a 64-bit integer and all other
//! numbers are doubles. Compressed by Snappy. The schema is the page `docs/saved-runs.md`.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::tables::{BAND, monthly_rows};
use crate::engine::outcome::Outcome;

/// A column.
enum Column {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Date(Vec<i32>),
    Number(Vec<f64>),
}

/// `monthly.parquet`: every monthly number of every arm and its difference to the baseline.
pub fn monthly(outcome: &Outcome) -> Vec<u8> {
    let (mut texts, mut dates) = ([const { Vec::new() }; 4], Vec::new());
    let mut numbers: Vec<Vec<f64>> = vec![Vec::new(); 3 + BAND.len()];
    for row in monthly_rows(outcome) {
        let labels = [row.kind, row.arm, &row.label.id, row.label.unit];
        texts.iter_mut().zip(labels).for_each(|(column, text)| column.push(ByteArray::from(text)));
        dates.push(outcome.start.plus(row.t as i32).days_since_1970());
        let mean = row.cell.mean();
        let quantiles = row.cell.quantiles(BAND);
        let values =
            [mean.value, mean.std_error].into_iter().chain(quantiles).chain([row.cell.share_above_zero()]);
        numbers.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let band = BAND.iter().map(|p| format!("p{:02.0}", p * 100.0));
    let names = ["mean", "mean_se"]
        .map(String::from)
        .into_iter()
        .chain(band)
        .chain(["probability_above_zero".into()]);
    let mut columns: Vec<(String, Column)> = ["kind", "arm", "metric", "unit"]
        .map(String::from)
        .into_iter()
        .zip(texts.map(Column::Text))
        .collect();
    columns.push(("month".into(), Column::Date(dates)));
    columns.extend(names.zip(numbers.into_iter().map(Column::Number)));
    written(columns)
}

/// `paths.parquet`: a row a path and arm, a column a scalar.
pub fn paths(outcome: &Outcome) -> Vec<u8> {
    let arms = outcome.arms.len();
    let each = |i: usize| (0..arms).map(move |arm| (i, arm));
    let rows = || (0..outcome.paths.len()).flat_map(each);
    let mut columns = vec![
        ("path".to_string(), Column::Whole(rows().map(|(i, _)| outcome.paths[i] as i64).collect())),
        (
            "arm".to_string(),
            Column::Text(rows().map(|(_, arm)| ByteArray::from(outcome.arms[arm].id.as_str())).collect()),
        ),
    ];
    for (s, (label, ..)) in outcome.catalogue.scalars.iter().enumerate() {
        let values = rows().map(|(i, arm)| outcome.scalar_at(arm, s)[i]).collect();
        columns.push((label.id.clone(), Column::Number(values)));
    }
    written(columns)
}

fn written(columns: Vec<(String, Column)>) -> Vec<u8> {
    write(columns).unwrap_or_else(|why| unreachable!("columns of one length and the schema's types: {why}"))
}

fn write(columns: Vec<(String, Column)>) -> Result<Vec<u8>, ParquetError> {
    let field = |(name, column): &(String, Column)| {
        let (physical, logical) = match column {
            Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Column::Whole(_) => (Physical::INT64, None),
            Column::Date(_) => (Physical::INT32, Some(LogicalType::Date)),
            Column::Number(_) => (Physical::DOUBLE, None),
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("loophole").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut rows = file.next_row_group()?;
    for (_, column) in columns {
        let Some(mut writer) = rows.next_column()? else { break };
        match column {
            Column::Text(values) => writer.typed::<ByteArrayType>().write_batch(&values, None, None),
            Column::Whole(values) => writer.typed::<Int64Type>().write_batch(&values, None, None),
            Column::Date(values) => writer.typed::<Int32Type>().write_batch(&values, None, None),
            Column::Number(values) => writer.typed::<DoubleType>().write_batch(&values, None, None),
        }?;
        writer.close()?;
    }
    rows.close()?;
    file.close()?;
    Ok(bytes)
}

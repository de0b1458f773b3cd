#include "coals/csv.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "checks/arguments.hpp"
#include "intake/csv_tokenizer.hpp"
#include "intake/csv_values.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t batch_records = 1 << 15;
constexpr std::size_t longest_record = std::size_t{1} << 26;

std::string shown(std::string_view text) {
  return "'" + std::string(text.substr(0, 40)) + (text.size() > 40 ? "…'" : "'");
}

}  // namespace

// One wanted column: its fields of the batch, and all that came of those before.
struct CsvColumn {
  CsvRole role;
  std::int64_t place;
  Column out;
  std::vector<std::string_view> fields;
  std::optional<CsvError> error;

  void fail(std::int64_t line, const std::string& what) {
    if (!error) error.emplace(line, place, what);
  }

  void take(const std::vector<std::int64_t>& lines, const CancellationCheck& check_cancelled) {
    if (role == CsvRole::numbers) take_numbers(lines);
    if (role == CsvRole::times) take_times(lines);
    if (role == CsvRole::ids || role == CsvRole::text) take_texts(lines);
    out.rows += static_cast<std::int64_t>(fields.size());
    fields.clear();
    check_cancelled();
  }

  void take_texts(const std::vector<std::int64_t>& lines) {
    for (std::size_t k = 0; role == CsvRole::ids && k < fields.size(); ++k) {
      if (fields[k].empty()) return fail(lines[k], "the id is missing: give it one or drop the line");
    }
    out.codes.resize(out.codes.size() + fields.size());
    out.ids.encode(fields.data(), static_cast<std::int64_t>(fields.size()), out.codes.data() + out.rows);
  }

  void take_numbers(const std::vector<std::int64_t>& lines) {
    out.kind = ColumnKind::reals;
    for (std::size_t k = 0; k < fields.size(); ++k) {
      double value = 0;
      if (!parse_number(fields[k], value)) return fail(lines[k], not_a("number", fields[k], lines[k]));
      out.reals.push_back(value);
    }
  }

  std::string not_a(const char* what, std::string_view field, std::int64_t line) const {
    if (field.empty()) return "the " + std::string(what) + " is missing: give it one or drop the line";
    const bool first = out.rows == 0 && line == 1;
    return shown(field) + " is not a " + (what == std::string("number") ? "finite number" : what) +
           (first ? ": if the first line has the names of the columns, pass header=True" : "");
  }

  // Integers until a number is none, which makes reals of all; or dates.
  void take_times(const std::vector<std::int64_t>& lines) {
    std::int64_t integer = 0;
    double real = 0;
    for (std::size_t k = 0; k < fields.size(); ++k) {
      const std::string_view field = trimmed(fields[k]);
      if (out.rows == 0 && k == 0) out.kind = parse_time(field, integer) ? ColumnKind::times : ColumnKind::integers;
      const bool whole = out.kind == ColumnKind::times ? parse_time(field, integer) : written_integer(field, integer);
      if (whole && out.kind != ColumnKind::reals) {
        out.integers.push_back(integer);
      } else if (out.kind == ColumnKind::times || !parse_number(field, real)) {
        return fail(lines[k],
                    not_a(out.kind == ColumnKind::times ? "date like the first one" : "time", field, lines[k]));
      } else {
        if (out.kind == ColumnKind::integers) out.reals.assign(out.integers.begin(), out.integers.end());
        out.kind = ColumnKind::reals;
        out.reals.push_back(real);
      }
    }
    out.unit = "ns";
  }
};

struct CsvReader::State {
  explicit State(CsvOptions given) : options(std::move(given)), tokenizer(options.delimiter, options.quote) {
    line = options.first_line;
    slots.assign(static_cast<std::size_t>(options.fields), nullptr);
    for (std::size_t k = 0; k < options.places.size(); ++k) {
      columns.push_back(std::make_unique<CsvColumn>());
      columns[k]->role = options.roles[k];
      columns[k]->place = options.places[k];
      require(slots[options.places[k]] == nullptr, "places must all be different");
      slots[options.places[k]] = columns[k].get();
    }
  }

  // After an error, and after the end, there is nothing more to be had.
  void read(std::string_view text, bool last, const RunControl& control) {
    require(!over, "the text has ended, or was broken: make another CsvReader for more");
    over = true;
    read_on(text, last, control);
    over = last;
  }

  void read_on(std::string_view text, bool last, const RunControl& control) {
    std::string_view whole = text;
    if (!pending.empty()) {
      pending.append(text);
      whole = pending;
    }
    tokenizer.start(whole, last, line);
    while (tokenizer.begin_record()) {
      if (!read_record(control)) break;
      if (static_cast<std::int64_t>(lines.size()) == batch_records) take(control);
    }
    take(control);
    const std::size_t begin = tokenizer.record_begin();
    if (whole.size() - begin > longest_record) {
      throw CsvError(tokenizer.record_line(), -1, "is longer than 64 MB: is a quote left open? Then pass quote=None");
    }
    line = tokenizer.record_line();
    pending = std::string(whole.substr(begin));
  }

  // False if the text ends before the record does.
  bool read_record(const RunControl& control) {
    CsvField field{};
    std::int64_t count = 0;
    auto end = CsvTokenizer::End::field;
    while (end == CsvTokenizer::End::field) {
      try {
        end = tokenizer.next(field);
      } catch (const CsvError&) {
        drop_partial();
        take(control);  // an error further up comes first
        throw;
      }
      if (end == CsvTokenizer::End::unfinished) {
        drop_partial();
        return false;
      }
      if (count < options.fields && slots[count]) slots[count]->fields.push_back(field.text);
      ++count;
    }
    if (count != options.fields) {
      drop_partial();
      take(control);
      throw CsvError(tokenizer.record_line(), -1,
                     "has " + std::to_string(count) + (count == 1 ? " field" : " fields") +
                         " where the first line has " + std::to_string(options.fields));
    }
    lines.push_back(tokenizer.record_line());
    return true;
  }

  // Forgets the fields of a record that is not whole.
  void drop_partial() {
    for (auto& column : columns) column->fields.resize(std::min(column->fields.size(), lines.size()));
  }

  void take(const RunControl& control) {
    const auto started = std::chrono::steady_clock::now();
    parallel_for(
        static_cast<std::int64_t>(columns.size()), control,
        [&](std::int64_t k, const CancellationCheck& check_cancelled) { columns[k]->take(lines, check_cancelled); });
    encoding += std::chrono::steady_clock::now() - started;
    lines.clear();
    tokenizer.unescaped.clear();
    const CsvError* first = nullptr;
    for (const auto& column : columns) {
      if (column->error && (!first || column->error->line < first->line)) first = &*column->error;
    }
    if (first) throw CsvError(*first);
  }

  CsvOptions options;
  CsvTokenizer tokenizer;
  std::vector<std::unique_ptr<CsvColumn>> columns;
  std::vector<CsvColumn*> slots;    // by place, null where nothing is wanted
  std::vector<std::int64_t> lines;  // of the records of the batch
  std::string pending;              // the beginning of a record
  std::int64_t line = 1;            // of what is pending
  std::chrono::duration<double> encoding{};
  bool over = false;
};

CsvReader::CsvReader(CsvOptions options) {
  require(options.fields >= 0 && options.fields <= most_rows, "fields must be from 0 to 2147483647");
  require(options.first_line >= 0 && options.first_line <= std::int64_t{1} << 62,
          "first_line must be a number of lines");
  check_indices(options.places.data(), static_cast<std::int64_t>(options.places.size()), options.fields, "places");
  require(options.roles.size() == options.places.size(), "roles: there must be one for each of the places");
  for (const CsvRole role : options.roles) check_name(role, CsvRole::times, "roles");
  state_ = std::make_unique<State>(std::move(options));
}

CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

void CsvReader::feed(std::string_view block, const RunControl& control) { state_->read(block, false, control); }

std::vector<Column> CsvReader::finish(const RunControl& control) {
  state_->read("", true, control);
  std::vector<Column> columns;
  for (auto& column : state_->columns) columns.push_back(std::move(column->out));
  return columns;
}

double CsvReader::encoding_seconds() const { return state_->encoding.count(); }

}  // namespace coals

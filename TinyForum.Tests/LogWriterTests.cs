using System.Text;
using System.Text.Json.Nodes;
using TinyForum.CommandLine;

namespace TinyForum.Tests;

[TestClass]
public sealed class LogWriterTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 31, 9, 30, 0, TimeSpan.Zero);

    private static readonly RequestSummary Request =
        new("ab-1", "GET", "/api/posts/1", "/api/posts/{id}", 200, TimeSpan.FromMilliseconds(1.2345), 2, "127.0.0.1", 321);

    [TestMethod]
    public void A_request_is_a_line_of_text()
    {
        var (output, errors) = Write(LogFormat.Text, new LogEntry(Time, LogSeverity.Information, "request", Request));
        Assert.AreEqual(
            "2026-01-31T09:30:00.000Z info request id=ab-1 status=200 ms=1.234 bytes=321 user=2 remote=127.0.0.1 "
            + "method=GET route=/api/posts/{id} path=/api/posts/1\n",
            output);
        Assert.AreEqual("", errors);
    }

    [TestMethod]
    public void A_request_is_a_JSON_object_a_line()
    {
        var (output, _) = Write(LogFormat.Json, new LogEntry(Time, LogSeverity.Information, "request", Request with { UserId = null, Route = null }));
        Assert.AreEqual(
            """{"time":"2026-01-31T09:30:00.000Z","severity":"info","message":"request","id":"ab-1","status":"""
            + """200,"ms":1.234,"bytes":321,"remote":"127.0.0.1","method":"GET","path":"/api/posts/1"}""" + "\n",
            output);
    }

    [TestMethod]
    [DataRow("/a\r\n2026-01-31T09:30:00.000Z error forged")]
    [DataRow("/a\u2028b\u001b[31m")]
    public void What_a_client_sends_stays_on_its_line(string path)
    {
        foreach (var format in (LogFormat[])[LogFormat.Text, LogFormat.Json])
        {
            var (output, _) = Write(format, new LogEntry(Time, LogSeverity.Information, "request", Request with { Path = path }));
            Assert.AreEqual(output.Length - 1, output.IndexOfAny(['\n', '\r', '\u2028', '\u001b']), output);
        }
    }

    [TestMethod]
    public void A_fault_goes_to_standard_error_in_full_and_to_the_log_by_name()
    {
        var fault = new LogEntry(Time, LogSeverity.Error, "internal error", Request with { Status = 500 }, new InvalidOperationException("the detail"));
        foreach (var format in (LogFormat[])[LogFormat.Text, LogFormat.Json, LogFormat.Off])
        {
            var (output, errors) = Write(format, fault);
            StringAssert.Contains(errors, "System.InvalidOperationException: the detail");
            StringAssert.Contains(errors, "id=ab-1");
            Assert.IsFalse(output.Contains("the detail", StringComparison.Ordinal), output);
            Assert.AreEqual(format == LogFormat.Off, output.Length == 0);
        }
    }

    [TestMethod]
    public void Switched_off_it_says_what_is_wrong_and_nothing_else()
    {
        var (output, errors) = Write(LogFormat.Off,
            new LogEntry(Time, LogSeverity.Information, "request", Request),
            new LogEntry(Time, LogSeverity.Error, "request", Request with { Status = 503 }),
            new LogEntry(Time, LogSeverity.Information, "backed up"),
            new LogEntry(Time, LogSeverity.Error, "the backup failed"));
        Assert.AreEqual(("", "2026-01-31T09:30:00.000Z error the backup failed\n"), (output, errors));
    }

    [TestMethod]
    public void A_reader_that_reads_nothing_costs_lines_and_no_waiting()
    {
        using var stuck = new StuckStream();
        using (var log = new LogWriter(LogFormat.Json, stuck, TextWriter.Null))
        {
            log.Write(new LogEntry(Time, LogSeverity.Information, "first"));
            stuck.Stuck.Wait();
            for (var i = 0; i < 20_000; i++)
                log.Write(new LogEntry(Time, LogSeverity.Information, "more"));
            stuck.Go.Set();
        }
        var lines = Encoding.UTF8.GetString(stuck.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => (string)JsonNode.Parse(l)!["message"]!).ToList();
        var written = lines.Count(l => l == "more");
        Assert.IsTrue(written is > 0 and < 20_000, $"{written}");
        CollectionAssert.Contains(lines, $"{20_000 - written} lines of the log were dropped");
    }

    [TestMethod]
    public void Errors_that_cannot_be_written_leave_the_log_as_it_is()
    {
        using var output = new MemoryStream();
        using (var log = new LogWriter(LogFormat.Text, output, new StreamWriter(new FullStream()) { AutoFlush = true }))
        {
            log.Write(new LogEntry(Time, LogSeverity.Error, "a fault", Exception: new InvalidOperationException("the detail")));
            log.Write(new LogEntry(Time, LogSeverity.Information, "the next"));
        }
        StringAssert.EndsWith(Encoding.UTF8.GetString(output.ToArray()), "info the next\n");
    }

    private static (string Output, string Errors) Write(LogFormat format, params LogEntry[] entries)
    {
        using var output = new MemoryStream();
        using var errors = new StringWriter();
        using (var log = new LogWriter(format, output, errors))
        {
            foreach (var entry in entries)
                log.Write(entry);
        }
        return (Encoding.UTF8.GetString(output.ToArray()), errors.ToString());
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("No space left on device");

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");
    }

    private sealed class StuckStream : MemoryStream
    {
        public ManualResetEventSlim Stuck { get; } = new();

        public ManualResetEventSlim Go { get; } = new();

        public override void Write(byte[] buffer, int offset, int count)
        {
            Stuck.Set();
            Go.Wait();
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            Stuck.Dispose();
            Go.Dispose();
            base.Dispose(disposing);
        }
    }
}

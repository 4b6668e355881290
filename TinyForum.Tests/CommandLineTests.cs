using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using TinyForum.CommandLine;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Http.Guard;
using TinyForum.Maintenance;
using TinyForum.Passwords;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>The program as an operator meets it.</summary>
[TestClass]
public sealed class CommandLineTests
{
    private const string AsNobody = "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";

    private static readonly string Everything = """
        --listen http://127.0.0.1:5001 --listen http://localhost:5002 --database x.db --anonymous-logout off --trust-proxy --rate-limits off
        --auth-header Remote-User --cors https://a.example --cors http://b.example:8080 --cookie-name forum
        --limit-failed-logins 1/1s --limit-failed-logins-per-address 5/5s --limit-registrations 2/2m --limit-writes 3/3h
        --limit-searches 4/4d --backup-every 12h --backup-keep 3 --backup-dir b --password-memory 1024 --password-iterations 4
        --max-connections 20 --max-connections-per-address 0 --answer-memory 7
        """;

    [TestMethod]
    [DataRow("")]
    [DataRow("serve ")]
    public void Every_flag_sets_its_option(string command)
    {
        var options = Settings.Options(CommandLineProgram.Root().Parse(command + Everything.ReplaceLineEndings(" ")));
        CollectionAssert.AreEqual((string[])["http://127.0.0.1:5001", "http://localhost:5002"], options.Listen.ToArray());
        CollectionAssert.AreEqual((string[])["https://a.example", "http://b.example:8080"], options.CorsOrigins.ToArray());
        Assert.AreEqual(
            new ForumOptions
            {
                Listen = options.Listen,
                Database = "x.db",
                AnonymousLogout = false,
                TrustedProxies = ForumOptions.NearNetworks,
                AuthHeader = "Remote-User",
                CorsOrigins = options.CorsOrigins,
                CookieName = "forum",
                RateLimits = new RateLimitOptions
                {
                    Enabled = false,
                    FailedLogins = new(1, TimeSpan.FromSeconds(1)),
                    FailedLoginsPerAddress = new(5, TimeSpan.FromSeconds(5)),
                    Registrations = new(2, TimeSpan.FromMinutes(2)),
                    Writes = new(3, TimeSpan.FromHours(3)),
                    Searches = new(4, TimeSpan.FromDays(4)),
                },
                Connections = new ConnectionLimits { MaxConnections = 20, MaxConnectionsPerAddress = 0 },
                BackupEvery = TimeSpan.FromHours(12),
                BackupKeep = 3,
                BackupDirectory = "b",
                AnswerMemoryMiB = 7,
                Passwords = new PasswordOptions { MemoryKiB = 1024, Iterations = 4 },
            },
            options);
    }

    [TestMethod]
    public void Without_flags_the_options_are_those_of_an_embedder()
    {
        var options = Settings.Options(CommandLineProgram.Root().Parse(""));
        Assert.AreEqual(new ForumOptions { Listen = options.Listen }, options);
    }

    [TestMethod]
    public void What_a_setting_prints_it_reads_as_the_same_value()
    {
        var times = from count in Gen.Choose(1, 99_999)
                    from unit in Gen.Elements(1, 60, 3_600, 86_400)
                    select TimeSpan.FromSeconds((long)count * unit);
        var words = from letters in Gen.Elements([.. "ab1:/*.-好 ,"]).NonEmptyListOf() select string.Concat(letters);
        Check(SettingValue.Switch, Gen.Elements(true, false));
        Check(SettingValue.Log, Gen.Elements(Enum.GetValues<LogFormat>()));
        Check(SettingValue.Time, times);
        Check(SettingValue.TimeOrNever(TimeSpan.FromSeconds(1)), Gen.OneOf(Gen.Constant<TimeSpan?>(null), from time in times select (TimeSpan?)time));
        Check(SettingValue.Limit, Gen.OneOf(Gen.Constant<RateLimit?>(null),
            from permits in Gen.Choose(1, int.MaxValue) from window in times select (RateLimit?)new RateLimit(permits, window)));
        Check(SettingValue.Number(from: 3), Gen.Choose(3, int.MaxValue));
        Check(SettingValue.Text("FILE"), words);
        var networks = from bytes in Gen.Choose(0, 255).ArrayOf(4)
                       from length in Gen.Choose(0, 32)
                       let mask = length == 0 ? 0u : uint.MaxValue << (32 - length)
                       let address = (uint)(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]) & mask
                       select new IPNetwork(new IPAddress([(byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address]), length);
        Check(SettingValue.Networks, Gen.OneOf(
            Gen.Constant(ForumOptions.NearNetworks), from list in networks.ListOf() select (IReadOnlyList<IPNetwork>)[.. list]));
        var names = words.Select(w => Regex.Replace(w, "[ ,]", "-"));
        Check(SettingValue.List("NAME"), from list in names.NonEmptyListOf() select (IReadOnlyList<string>)[.. list]);

        static void Check<T>(SettingValue<T> type, Gen<T> values) => Prop.ForAll(values.ToArbitrary(), value =>
        {
            var read = type.Parse(type.Print(value));
            var isSame = value is System.Collections.IEnumerable list and not string
                ? list.Cast<object>().SequenceEqual(((System.Collections.IEnumerable)read!).Cast<object>()) : Equals(value, read);
            Assert.IsTrue(isSame, $"{type.Print(value)} is read as {read}");
        }).Holds();
    }

    [TestMethod]
    [DataRow("--log loud", "--log: must be text, json or off, not \"loud\"")]
    [DataRow("--trust-proxy maybe", "--trust-proxy: must be on, off or networks such as 10.1.0.0/16, not \"maybe\"")]
    [DataRow("--trust-proxy 10.0.0.0/33", "--trust-proxy: must be on, off or networks such as 10.1.0.0/16, not \"10.0.0.0/33\"")]
    [DataRow("--cors https://a.example/app", "--cors: must be origins such as https://app.example, or *, not \"https://a.example/app\"")]
    [DataRow("--cookie-name __Host-x", "--cookie-name: must be 1 to 64 letters, digits, _, - and ., and not begin with __, not \"__Host-x\"")]
    [DataRow("--backup-every 3x", "--backup-every: must be a number of s, m, h or d from 1m to 99999d, such as 24h, or never, not \"3x\"")]
    [DataRow("--backup-every 59s", "--backup-every: must be a number of s, m, h or d from 1m to 99999d, such as 24h, or never, not \"59s\"")]
    [DataRow("--backup-every 100000d", "--backup-every: must be a number of s, m, h or d from 1m to 99999d, such as 24h, or never, not \"100000d\"")]
    [DataRow("--keep-events 0s", "--keep-events: must be a number of s, m, h or d from 1s to 99999d, such as 24h, not \"0s\"")]
    [DataRow("--backup-keep 0", "--backup-keep: must be a whole number from 1 to 2147483647, not \"0\"")]
    [DataRow("--max-connections-per-address 3000000000",
        "--max-connections-per-address: must be a whole number from 0 to 2147483647, not \"3000000000\"")]
    [DataRow("--password-memory 1048577", "--password-memory: must be a whole number from 8 to 1048576, not \"1048577\"")]
    [DataRow("--password-iterations 524289", "--password-iterations: must be a whole number from 1 to 524288, not \"524289\"")]
    [DataRow("--limit-writes 60",
        "--limit-writes: must be a number from 1 to 2147483647 and a time from 1s to 99999d, such as 60/1m, or off, not \"60\"")]
    [DataRow("--limit-searches 0/1m",
        "--limit-searches: must be a number from 1 to 2147483647 and a time from 1s to 99999d, such as 60/1m, or off, not \"0/1m\"")]
    [DataRow("--public-url https://forum.example:65536", "--public-url: must be http:// or https:// and a host, without a path, "
        + "such as https://forum.example, and a port from 1 to 65535, not \"https://forum.example:65536\"")]
    [DataRow("--cors https://app.example:99999",
        "--cors: must be origins such as https://app.example, or *, with ports from 1 to 65535, not \"https://app.example:99999\"")]
    [DataRow("--host http://forum.example", "--host: must be a name without scheme and port, such as forum.example, not \"http://forum.example\"")]
    [DataRow("--host https://club.example:8080/forum?x",
        "--host: must be a name without scheme and port, such as club.example, not \"https://club.example:8080/forum?x\"")]
    [DataRow("--host club.example:443", "--host: must be a name without scheme and port, such as club.example, not \"club.example:443\"")]
    [DataRow("--host club.example/", "--host: must be a name without scheme and port, such as club.example, not \"club.example/\"")]
    [DataRow("--host club.example.", "--host: must be a name without scheme and port, such as club.example, not \"club.example.\"")]
    [DataRow("--host *.club.example", "--host: must be a name without scheme and port, such as club.example, not \"*.club.example\"")]
    [DataRow("--host club..example", "--host: must be a name without scheme and port, such as forum.example, not \"club..example\"")]
    [DataRow("--host 192.0.2.1:80", "--host: must be a name without scheme and port, such as 192.0.2.1, not \"192.0.2.1:80\"")]
    [DataRow("--host 192.0.513", "--host: must be a name without scheme and port, such as 192.0.2.1, not \"192.0.513\"")]
    [DataRow("--host 192.0.2.300", "--host: must be a name without scheme and port, such as forum.example, not \"192.0.2.300\"")]
    [DataRow("--host *", "--host: must be a name, such as forum.example: without one the forum answers to any, not \"*\"")]
    [DataRow("--host 0.0.0.0", "--host: must be a name, such as forum.example: all addresses are something to listen on, not \"0.0.0.0\"")]
    [DataRow("--host [2001:db8::1]:5000",
        "--host: must not be an IPv6 address: HttpListener refuses requests whose Host is one, not \"[2001:db8::1]:5000\"")]
    [DataRow("--host ::1", "--host: must not be an IPv6 address: HttpListener refuses requests whose Host is one, not \"::1\"")]
    [DataRow("--listen ,", "--listen: must not be empty, not \",\"")]
    public void A_value_that_is_none_is_refused_with_the_name_of_its_flag(string line, string why)
    {
        var parsed = CommandLineProgram.Root().Parse(line);
        var e = Assert.ThrowsExactly<CommandException>(() => (Settings.Options(parsed), Settings.Log.In(parsed)));
        Assert.AreEqual(why, e.Message);
    }

    [TestMethod]
    public void What_is_off_is_said_by_a_word()
    {
        var options = Parse("--backup-every never --host any --cors none --limit-failed-logins off --limit-failed-logins-per-address off "
            + "--limit-registrations off --limit-writes off --limit-searches off");
        Assert.AreEqual(new ForumOptions
        {
            Listen = options.Listen,
            CorsOrigins = options.CorsOrigins,
            RateLimits = new() { FailedLogins = null, FailedLoginsPerAddress = null, Registrations = null, Writes = null, Searches = null },
        }, options);
        Assert.IsEmpty(options.CorsOrigins);
        Assert.IsTrue(Parse("--limit-writes off").RateLimits is { Enabled: true, Writes: null, Searches: not null });
    }

    [TestMethod]
    [DataRow("forum.example", "forum.example")]
    [DataRow("Forum.Example", "Forum.Example")]
    [DataRow("my_forum-1", "my_forum-1")]
    [DataRow("192.0.2.1", "192.0.2.1")]
    [DataRow("3com.example2", "3com.example2")]
    [DataRow("论坛.example", "xn--kfsr23j.example")]
    public void A_host_is_a_name_as_requests_have_it(string name, string host) =>
        CollectionAssert.AreEqual((string[])[host], Parse($"--host {name}").Hosts!.ToArray());

    [TestMethod]
    public void No_setting_takes_nothing_for_a_value()
    {
        foreach (var flag in Settings.OfServe.Append(Settings.Database).Select(s => s.Option.Name))
        {
            foreach (var nothing in (string[])["", " "])
            {
                var parsed = CommandLineProgram.Root().Parse([flag, nothing]);
                Assert.IsEmpty(parsed.Errors);
                var e = Assert.ThrowsExactly<CommandException>(() => (Settings.Options(parsed), Settings.Log.In(parsed)));
                Assert.AreEqual($"{flag}: must not be empty", e.Message);
            }
        }
    }

    [TestMethod]
    [DataRow("bogus", "Unrecognized command or argument 'bogus'.")]
    [DataRow("--backup-keep", "Required argument missing for option: '--backup-keep'.")]
    [DataRow("--listen https://127.0.0.1:5000",
        "cannot listen on \"https://127.0.0.1:5000\": it must look like http://127.0.0.1:5000 (for https put a proxy in front)")]
    [DataRow("user role ada king --database {0}/forum.db", "Argument 'king' not recognized. Must be one of:")]
    [DataRow("user role nobody admin --database {0}/forum.db", "user does not exist")]
    [DataRow("user list --database {0}/none.db", "there is no database {0}/none.db")]
    [DataRow("backup {0}/b.db --database {0}/none.db", "there is no database {0}/none.db")]
    [DataRow("backup {0}/forum.db --database {0}/forum.db", "{0}/forum.db is the database itself")]
    [DataRow("restore {0}/none.db --database {0}/forum.db", "there is no database {0}/none.db")]
    [DataRow("restore {0}/junk.db --database {0}/forum.db", "cannot copy {0}/junk.db to {0}/forum.db.partial: it is not a SQLite database")]
    [DataRow("restore {0}/other.db --database {0}/forum.db", "{0}/other.db is a SQLite database of another program")]
    [DataRow("export {0}/none/x.ndjson --database {0}/forum.db",
        "cannot write {0}/none/x.ndjson.partial: Could not find a part of the path '{0}/none/x.ndjson.partial'.")]
    [DataRow("import {0}/none.ndjson --database {0}/new.db", "there is no file {0}/none.ndjson")]
    [DataRow("import {0}/junk.db --database {0}/new.db", "line 1: 'j' is an invalid start of a value.")]
    [DataRow("check --database {0}/other.db", "{0}/other.db is a SQLite database of another program")]
    [DataRow("--database {0}/junk.db", "cannot open the database {0}/junk.db: it is not a SQLite database")]
    [DataRow("--database {0}/other.db", "{0}/other.db is a SQLite database of another program")]
    [DataRow("--database {0}/newer.db", "{0}/newer.db has schema 999, made by a newer TinyForum; this one knows up to ")]
    [DataRow("--database {0}/none/forum.db", "cannot open the database {0}/none/forum.db: its folder does not exist")]
    [DataRow("--database {0}", "cannot open the database {0}: it is a folder")]
    [DataRow("--database {0}/junk.db/forum.db", "cannot open the database {0}/junk.db/forum.db: {0}/junk.db is not a folder")]
    [DataRow("--database {0}/loop", "{0}/loop: too many symbolic links, or a circle of them")]
    [DataRow("--database /dev/null", "cannot open the database /dev/null: it is not a regular file")]
    [DataRow("check --database /dev/null", "cannot open the database /dev/null: it is not a regular file")]
    [DataRow("--password-memory 1048576 --password-iterations 5 --database {0}/new.db", "the memory for a password's hash must be 8 KiB for each lane "
        + "to 1 GiB, and 4 GiB over all passes, of which there may be 1 to 4 with 1048576 KiB")]
    [DataRow("--listen http://127.0.0.1:65536", "cannot listen on \"http://127.0.0.1:65536\": it must have a port from 0 to 65535")]
    [DataRow("--listen http://localhost:-1", "cannot listen on \"http://localhost:-1\": it must have a port from 0 to 65535")]
    [DataRow("user list --password-memory 2000000 --database {0}/forum.db", "Unrecognized command or argument")]
    [DataRow("@{0}/junk.db", "Unrecognized command or argument '@{0}/junk.db'")]
    [DataRow("export {0}/forum.db --force --database {0}/forum.db", "{0}/forum.db is the database itself")]
    [DataRow("export {0}/forum.db --force --database {0}/link.db", "{0}/forum.db is the database itself")]
    [DataRow("backup {0}/other.db --database {0}/forum.db", "{0}/other.db exists already; --force replaces it")]
    [DataRow("export {0}/other.db --database {0}/forum.db", "{0}/other.db exists already; --force replaces it")]
    [DataRow("restore {0}/hard.db --database {0}/forum.db", "{0}/hard.db is the database itself")]
    [DataRow("restore {0}/forum.db --database {0}", "cannot replace {0}: it is a folder")]
    [DataRow("import {0}/link.db --database {0}/forum.db", "{0}/link.db is the database itself")]
    [DataRow("import {0} --database {0}/forum.db", "{0} is a folder")]
    [DataRow("import {0}/latin1.ndjson --database {0}/new.db", "line 1: what follows is not UTF-8")]
    [DataRow("import {0}/junk.gz --database {0}/new.db", "line 1: The archive entry was compressed using an unsupported compression method.")]
    public async Task What_cannot_be_done_is_said_in_one_line_and_the_exit_code_is_1(string line, string why)
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        await File.WriteAllTextAsync(folder["junk.db"], string.Concat(Enumerable.Repeat("junk ", 1000)));
        Execute(folder["other.db"], "CREATE TABLE t (x)");
        ForumDatabase.Open(folder["newer.db"]).Dispose();
        Execute(folder["newer.db"], "PRAGMA user_version = 999");
        File.CreateSymbolicLink(folder["link.db"], "forum.db");
        File.CreateSymbolicLink(folder["loop"], "loop");
        await Tool.RunAsync("ln", [folder["forum.db"], folder["hard.db"]]);
        await File.WriteAllTextAsync(folder["junk.gz"], "junk that is not compressed");
        await File.WriteAllBytesAsync(folder["latin1.ndjson"], [0xE9]);
        var before = Contents(folder);
        var (code, output, errors) = await ServerProcess.RunAsync(string.Format(line, folder.Path).Split(' '));
        Assert.AreEqual(1, code, errors);
        Assert.AreEqual("", output);
        StringAssert.StartsWith(errors, "tinyforum: " + string.Format(why, folder.Path));
        Assert.AreEqual(1, errors.Count(c => c == '\n'), errors);
        Assert.AreEqual(before, Contents(folder), "no file is left, and none is another");
    }

    [TestMethod]
    public async Task A_variable_sets_what_no_flag_says()
    {
        var (code, _, errors) = await ServerProcess.RunAsync([], null, ("TINYFORUM_BACKUP_EVERY", "often"));
        const string Why = "must be a number of s, m, h or d from 1m to 99999d, such as 24h, or never, not \"often\"";
        Assert.AreEqual((1, $"tinyforum: TINYFORUM_BACKUP_EVERY: {Why}\n"), (code, errors));
        using var folder = new TemporaryFolder();
        (_, _, errors) = await ServerProcess.RunAsync(["--backup-every", "24h"], null,
            ("TINYFORUM_BACKUP_EVERY", "often"), ("TINYFORUM_BACKUP_KEEP", ""), ("TINYFORUM_DATABASE", folder["none/x"]));
        Assert.AreEqual($"tinyforum: cannot open the database {folder["none/x"]}: its folder does not exist\n", errors);
    }

    [TestMethod]
    [DataRow("check")]
    [DataRow("user list")]
    [DataRow("export x")]
    public async Task A_command_says_the_full_path_at_which_it_found_no_database(string line)
    {
        using var folder = new TemporaryFolder();
        var (code, _, errors) = await ServerProcess.RunInShellAsync($"cd {folder.Path} && exec \"$@\"", [.. line.Split(' '), "--database", "no.db"]);
        Assert.AreEqual((1, $"tinyforum: there is no database {folder["no.db"]}\n"), (code, errors));
    }

    [TestMethod]
    [DataRow("backup")]
    [DataRow("restore")]
    [DataRow("export")]
    [DataRow("import")]
    public async Task No_file_has_no_name(string command)
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        var (code, _, errors) = await ServerProcess.RunAsync([command, "", "--database", folder["forum.db"]]);
        Assert.AreEqual((1, "tinyforum: FILE: must not be empty\n"), (code, errors));
    }

    [TestMethod]
    [DataRow("backup")]
    [DataRow("export")]
    public async Task A_file_is_replaced_by_force_unless_it_is_a_forum_in_use(string command)
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        foreach (var (name, text) in ((string, string)[])[("old.txt", "old"), ("empty.txt", ""), ("target.txt", "old")])
            await File.WriteAllTextAsync(folder[name], text);
        File.CreateSymbolicLink(folder["link.txt"], "target.txt");
        ForumDatabase.Open(folder["idle.db"]).Dispose();
        foreach (var file in (string[])["old.txt", "empty.txt", "link.txt", "idle.db"])
        {
            var (code, _, errors) = await ServerProcess.RunAsync([command, folder[file], "--force", "--database", folder["forum.db"]]);
            Assert.AreEqual((0, ""), (code, errors), file);
        }
        Assert.AreEqual("target.txt", new FileInfo(folder["link.txt"]).LinkTarget, "what the link leads to was replaced");
        Assert.IsGreaterThan(3, new FileInfo(folder["target.txt"]).Length);
        using (ForumDatabase.Open(folder["live.db"]))
        {
            var (code, _, errors) = await ServerProcess.RunAsync([command, folder["live.db"], "--force", "--database", folder["forum.db"]]);
            Assert.AreEqual((1, $"tinyforum: {folder["live.db"]} is in use: stop the server first\n"), (code, errors));
            (code, _, errors) = await ServerProcess.RunAsync([command, folder["live.db-wal"], "--force", "--database", folder["forum.db"]]);
            Assert.AreEqual((1, $"tinyforum: {folder["live.db-wal"]} is a part of the database {folder["live.db"]}\n"), (code, errors));
        }
        Assert.IsEmpty(Directory.GetFiles(folder.Path, "*.partial*"));
    }

    [TestMethod]
    [DataRow("file", "forum.db: permission denied")]
    [DataRow("folder", ": permission denied")]
    [DataRow("log", "forum.db-wal: permission denied")]
    [DataRow("unseen", ": permission denied")]
    [OSCondition(OperatingSystems.Linux)]
    public async Task A_database_that_cannot_be_written_is_refused_with_its_cause(string what, string cause)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["d"]);
        ForumDatabase.Open(folder["d/forum.db"]).Dispose();
        if (what == "log")
            await File.WriteAllTextAsync(folder["d/forum.db-wal"], "");
        var path = folder["d" + what switch { "file" => "/forum.db", "log" => "/forum.db-wal", _ => "" }];
        await Tool.RunAsync("chmod", ["-R", "a+rwX", folder.Path]);
        await Tool.RunAsync("chmod", [what == "unseen" ? "0600" : "a-w", path]);
        // Root may write what nobody may.
        var script = Environment.UserName == "root" ? AsNobody : "exec \"$@\"";
        var (code, output, errors) = await ServerProcess.RunInShellAsync(
            script, "--listen", "http://127.0.0.1:0", "--database", folder["d/forum.db"]);
        if (code is not (0 or 1))
            Assert.Inconclusive($"NOT CHECKED: another user can't run the program here: {errors}");
        StringAssert.StartsWith(errors, $"tinyforum: cannot open the database {folder["d/forum.db"]}: {folder["d"]}", errors);
        StringAssert.Contains(errors, cause + " (it is of user ", errors);
        Assert.AreEqual((1, "", 1), (code, output, errors.Count(c => c == '\n')));
        await Tool.RunAsync("chmod", ["-R", "a+rwX", folder.Path]);
        Assert.HasCount(what == "log" ? 2 : 1, Directory.GetFiles(folder["d"]));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task What_root_does_beside_a_server_and_without_it_leaves_it_its_files()
    {
        using var folder = new TemporaryFolder();
        if (Environment.UserName != "root" || (await ServerProcess.RunInShellAsync(AsNobody, "--version")).Code != 0)
        {
            Assert.Inconclusive("NOT CHECKED: this takes root, and a program that others can run");
            return;
        }
        await Tool.RunAsync("chown", ["65534:65534", folder.Path]);
        await using (var server = await ServerProcess.StartInShellAsync(AsNobody, folder["forum.db"]))
        {
            await RegisterAsync(server, "ada");
            await Run("user", "role", "ada", "admin");
            await Run("backup", folder["backup.db"]);
            await Run("export", folder["all.ndjson"]);
            await RegisterAsync(server, "bob");
            server.Signal("TERM");
            Assert.AreEqual(0, await server.EndAsync());
        }
        foreach (var arguments in (string[][])[["check"], ["restore", folder["backup.db"]], ["import", folder["all.ndjson"]]])
        {
            if (arguments[0] == "import")
                File.Delete(folder["forum.db"]);
            await Run(arguments);
            await using var server = await ServerProcess.StartInShellAsync(AsNobody, folder["forum.db"]);
            await RegisterAsync(server, "carol");
            server.Signal("TERM");
            Assert.AreEqual(0, await server.EndAsync());
        }

        async Task Run(params string[] arguments)
        {
            var (code, output, errors) = await ServerProcess.RunAsync([.. arguments, "--database", folder["forum.db"]]);
            Assert.AreEqual(0, code, output + errors);
        }

        static async Task RegisterAsync(ServerProcess server, string name)
        {
            using var client = new TestClient(server.Url);
            (await client.PostAsync("/api/register", new { username = name, password = "secret" })).Is(200);
        }
    }

    [TestMethod]
    [DataRow(40)]
    [DataRow(64)]
    [DataRow(96)]
    [DataRow(144)]
    [DataRow(DescriptorBudget.Least - 1)]
    [OSCondition(OperatingSystems.Linux)]
    public async Task Too_few_descriptors_are_said(int descriptors)
    {
        using var folder = new TemporaryFolder();
        var (code, _, errors) = await ServerProcess.RunInShellAsync($"ulimit -n {descriptors} && exec \"$@\"", "--database", folder["forum.db"]);
        Assert.AreEqual(
            (1, $"tinyforum: this process may have {descriptors} descriptors and takes {DescriptorBudget.Least}: raise the limit (ulimit -n, LimitNOFILE=)\n"),
            (code, errors));
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task With_just_enough_descriptors_it_serves()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], DescriptorBudget.Least);
        using (var client = new TestClient(server.Url))
            (await client.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200, "success");
        server.Signal("TERM");
        Assert.AreEqual(0, await server.EndAsync());
    }

    [TestMethod]
    [DataRow(">/dev/full", "text")]
    [DataRow("2>/dev/full", "text")]
    [DataRow(">/dev/full 2>&1", "json")]
    [DataRow(">/dev/full 2>&1", "off")]
    [DataRow("> >(true) 2>&1", "text", DisplayName = "nobody reads it any more")]
    [OSCondition(OperatingSystems.Linux)]
    public async Task A_log_that_cannot_be_written_ends_nothing(string where, string log)
    {
        using var folder = new TemporaryFolder();
        var url = new ListenAddress("127.0.0.1", 0).WithFreePort().Url;
        await using var server = ServerProcess.Begin(
            $"exec \"$@\" {where}", "--listen", url.OriginalString, "--database", folder["forum.db"], "--log", log, "--rate-limits", "off");
        using var client = new TestClient(url);
        await ReadyAsync(client);
        File.Move(folder["forum.db-wal"], folder["away"]); // which is told on standard error
        for (var i = 0; i < 3; i++)
            (await client.PostAsync("/api/register", new { username = $"ada{i}", password = "secret" })).Is(503);
        File.Move(folder["away"], folder["forum.db-wal"]);
        (await client.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200, "success");
        Assert.IsTrue(server.IsAlive);
        server.Signal("TERM");
        Assert.AreEqual(0, await server.EndAsync());
    }

    [TestMethod]
    [DataRow("backup {0}/b.db")]
    [DataRow("export {0}/x.ndjson")]
    [DataRow("check")]
    [OSCondition(OperatingSystems.Linux)]
    public async Task What_a_command_did_is_done_even_if_it_cannot_say_so(string line)
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        string[] arguments = [.. string.Format(line, folder.Path).Split(' '), "--database", folder["forum.db"]];
        Assert.AreEqual((0, "", ""), await ServerProcess.RunInShellAsync("exec \"$@\" >/dev/full 2>&1", arguments));
        (var code, _, _) = await ServerProcess.RunInShellAsync("exec \"$@\" >/dev/full 2>&1", "check", "--database", folder["none.db"]);
        Assert.AreEqual(1, code, "nor does it end otherwise when it fails");
    }

    [TestMethod]
    public async Task A_port_that_is_taken_is_said()
    {
        using var folder = new TemporaryFolder();
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((System.Net.IPEndPoint)taken.LocalEndpoint).Port}";
        var (code, _, errors) = await ServerProcess.RunAsync(["--listen", url, "--database", folder["forum.db"]]);
        Assert.AreEqual((1, $"tinyforum: cannot listen on {url}/: the port is taken\n"), (code, errors));
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path), "a start that fails leaves no database");
    }

    [TestMethod]
    public async Task Help_and_version_are_there()
    {
        var (code, output, _) = await ServerProcess.RunAsync(["--help"]);
        Assert.AreEqual(0, code);
        foreach (var word in (string[])["serve", "user", "backup", "restore", "check", "export", "import", "--listen", "TINYFORUM_LISTEN"])
            StringAssert.Contains(output, word);
        (code, output, _) = await ServerProcess.RunAsync(["--version"]);
        Assert.AreEqual(0, code);
        StringAssert.StartsWith(output, typeof(ForumServer).Assembly.GetName().Version!.ToString(3));
    }

    [TestMethod]
    public async Task Told_to_stop_it_finishes_what_it_accepted_and_leaves_one_file()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"]);
        StringAssert.Contains(server.Greeting, $"TinyForum 0.1.0 listens on {server.Url} (database {folder["forum.db"]})");
        using var slow = new RawClient(server.Url);
        slow.Send("POST /api/register HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 38\n\n{\"username\":\"ada\",");
        using (var client = new TestClient(server.Url))
            (await client.GetAsync("/healthz")).Is(200); // by then the other one has been accepted
        server.Signal("TERM");
        await server.SaysAsync("stopping");
        slow.Send("\"password\":\"secret\"}");
        StringAssert.Contains(slow.ReadToEnd(), "\"username\": \"ada\"");
        Assert.AreEqual(0, await server.EndAsync());
        CollectionAssert.AreEqual((string[])[folder["forum.db"]], Directory.GetFiles(folder.Path), "the log was folded in");
        using var database = ForumDatabase.Open(folder["forum.db"]);
        Assert.AreEqual(1, database.Read(c => c.Number("SELECT count(*) FROM users WHERE username = 'ada'")));
    }

    [TestMethod]
    [DataRow("HUP")]
    [DataRow("QUIT")]
    [DataRow("INT")]
    public async Task It_stops_for_every_signal_that_asks_it_to(string signal)
    {
        if (ServerProcess.IsIgnored(signal))
            Assert.Inconclusive($"NOT CHECKED: the tests were started with SIG{signal} ignored");
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"]);
        server.Signal(signal);
        Assert.AreEqual(0, await server.EndAsync());
        StringAssert.Contains(server.Output, "stopped");
        CollectionAssert.AreEqual((string[])[folder["forum.db"]], Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public async Task Told_to_stop_while_it_migrates_it_undoes_that_and_begins_anew_at_the_next_start()
    {
        const int LongMigration = 5; // makes the search index anew
        using var folder = new TemporaryFolder();
        using (var old = OldSchema.Create(folder["forum.db"], version: 1))
            Fill(old, posts: 200_000);
        await using (var server = ServerProcess.Begin(null, "--listen", "http://127.0.0.1:0", "--database", folder["forum.db"]))
        {
            await server.SaysAsync($"migrating the database to schema {LongMigration}");
            server.Signal("TERM");
            Assert.AreEqual(0, await server.EndAsync());
            StringAssert.Contains(server.Output, "stopped before it had started");
        }
        CollectionAssert.AreEqual((string[])[folder["forum.db"]], Directory.GetFiles(folder.Path));
        using (var database = new Connection(folder["forum.db"], readOnly: true, TimeSpan.FromSeconds(1)))
        {
            Assert.AreEqual(LongMigration - 1, database.Number("PRAGMA user_version"), "the earlier ones are done");
            Assert.AreEqual(200_000, database.Number("SELECT count(*) FROM posts"));
        }
        using var migrated = ForumDatabase.Open(folder["forum.db"]);
        Assert.AreEqual(200_000, migrated.Read(c => c.Number("SELECT count(*) FROM search")));
    }

    [TestMethod]
    [DataRow("export {0}/new.ndjson", "TERM", 143)]
    [DataRow("export {0}/new.ndjson.gz", "HUP", 129)]
    [DataRow("import {0}/all.ndjson --database {0}/new.db", "TERM", 143)]
    [DataRow("check --vacuum", "TERM", 143)]
    public async Task A_command_that_is_told_to_stop_ends_soon_and_leaves_nothing_half_done(string line, string signal, int expected)
    {
        if (ServerProcess.IsIgnored(signal))
            Assert.Inconclusive($"NOT CHECKED: the tests were started with SIG{signal} ignored");
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        using (var connection = new Connection(folder["forum.db"], readOnly: false, TimeSpan.FromSeconds(1)))
            Fill(connection, posts: 100_000);
        await using (var all = File.Create(folder["all.ndjson"]))
        {
            using var connection = new Connection(folder["forum.db"], readOnly: true, TimeSpan.FromSeconds(1));
            ExportImport.Export(connection, all);
        }
        var before = Contents(folder);
        string[] arguments = string.Format(line, folder.Path).Split(' ');
        await using var command = ServerProcess.Begin(
            null, line.Contains("--database") ? arguments : [.. arguments, "--database", folder["forum.db"]]);
        // It has begun once it has the database open.
        Assert.IsTrue(SpinWait.SpinUntil(() => HasOpen(command.Id, line.Contains("new.db") ? "new.db-wal" : "forum.db-wal"), TimeSpan.FromMinutes(1)));
        command.Signal(signal);
        Assert.AreEqual(expected, await command.EndAsync());
        StringAssert.EndsWith(command.Errors, "tinyforum: stopped before it was done\n");
        Assert.AreEqual(before, Contents(folder));

        static bool HasOpen(int process, string file) => Directory.GetFiles($"/proc/{process}/fd")
            .Any(f => new FileInfo(f).LinkTarget?.EndsWith(file, StringComparison.Ordinal) ?? false);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task A_command_that_waits_for_a_pipe_ends_too()
    {
        using var folder = new TemporaryFolder();
        await using var command = ServerProcess.Begin("exec \"$@\" < <(exec sleep 60 2>/dev/null)", "import", "/dev/stdin", "--database", folder["forum.db"]);
        Assert.IsTrue(SpinWait.SpinUntil(() => File.Exists(folder["forum.db-wal"]), TimeSpan.FromMinutes(1)));
        command.Signal("TERM");
        Assert.AreEqual(143, await command.EndAsync());
    }

    [TestMethod]
    [DataRow("INT", "TERM", 15)]
    [DataRow("TERM", "TERM", 15)]
    [DataRow("TERM", "INT", 2)]
    public async Task Told_twice_it_ends_at_once(string first, string second, int number)
    {
        if (ServerProcess.IsIgnored(first) || ServerProcess.IsIgnored(second))
            Assert.Inconclusive("NOT CHECKED: the tests were started with SIGINT ignored");
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"]);
        using var stalled = new RawClient(server.Url);
        stalled.Send("POST /api/register HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 38\n\n{");
        using (var client = new TestClient(server.Url))
            (await client.GetAsync("/healthz")).Is(200);
        server.Signal(first);
        await server.SaysAsync("stopping");
        server.Signal(second);
        Assert.AreEqual(128 + number, await server.EndAsync());
    }

    [TestMethod]
    public async Task The_log_has_a_line_a_request_and_nothing_secret()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], "--log", "json");
        using (var client = new TestClient(server.Url))
        {
            (await client.PostAsync("/api/register", new { username = "ada", password = "s3cr3t-word" })).Is(200, "success");
            (await client.PostAsync("/api/login", new { username = "ada", password = "s3cr3t-word" })).Is(200, "success");
            (await client.GetAsync("/api/me?q=s3cr3t-word", ("Authorization", "Bearer s3cr3t-word"))).Is(401);
            (await client.GetAsync("/api/me")).Is(200);
        }
        server.Signal("TERM");
        Assert.AreEqual(0, await server.EndAsync());
        var lines = server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        var requests = lines.Where(l => (string?)l["message"] == "request").ToList();
        CollectionAssert.AreEqual((string[])["/api/register", "/api/login", "/api/me", "/api/me"], requests.Select(r => (string?)r["path"]).ToArray());
        Assert.AreEqual((200, "GET", "/api/me", 2L),
            ((int)requests[3]["status"]!, (string?)requests[3]["method"], (string?)requests[3]["route"], (long)requests[3]["user"]!));
        Assert.IsTrue(requests.TrueForAll(r => (double)r["ms"]! > 0 && ((string)r["id"]!).Length > 0 && (string?)r["remote"] == "127.0.0.1"));
        Assert.IsFalse(server.Output.Contains("s3cr3t", StringComparison.Ordinal), server.Output);
        Assert.AreEqual("", server.Errors);
    }

    [TestMethod]
    public async Task Users_are_kept_beside_a_running_server()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"]);
        using var client = new TestClient(server.Url);
        (await client.PostAsync("/api/register", new { username = "Ada", password = "secret" })).Is(200, "success");
        (await client.PostAsync("/api/login", new { username = "ada", password = "secret" })).Is(200, "success");
        Assert.AreEqual("Ada is admin\n", await Run("user", "role", "ada", "admin"));
        Assert.AreEqual("admin", (string?)(await client.GetAsync("/api/me")).Is(200)["user.role"]);
        Assert.AreEqual("2\tadmin\tAda\n", await Run("user", "list"));

        var (code, _, errors) = await ServerProcess.RunAsync(["user", "password", "ada", "--database", folder["forum.db"]], "tiny");
        Assert.AreEqual((1, "tinyforum: the password must be 5 to 128 characters\n"), (code, errors));
        (code, _, _) = await ServerProcess.RunAsync(["user", "password", "ada", "--database", folder["forum.db"]],
            "new secret", ("TINYFORUM_PASSWORD_MEMORY", "8"));
        Assert.AreEqual(0, code);
        (await client.GetAsync("/api/me")).Is(401);
        (await client.PostAsync("/api/login", new { username = "ada", password = "new secret" })).Is(200, "success");

        async Task<string> Run(params string[] arguments)
        {
            var (code, output, errors) = await ServerProcess.RunAsync([.. arguments, "--database", folder["forum.db"]]);
            Assert.AreEqual(0, code, errors);
            return output;
        }
    }

    [TestMethod]
    public async Task Every_account_is_listed_and_who_is_suspended()
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        Execute(folder["forum.db"], """
            WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1002)
            INSERT INTO users (id, username, username_key, created_at, suspension)
            SELECT i, 'user' || i, 'user' || i, 0, iif(i = 1002, 'spam', NULL) FROM n
            """);
        var (code, output, errors) = await ServerProcess.RunAsync(["user", "list", "--database", folder["forum.db"]]);
        Assert.AreEqual((0, ""), (code, errors));
        var lines = output.Split('\n');
        Assert.HasCount(1001 + 1, lines);
        CollectionAssert.AreEqual((string[])["1001\tmember\tuser1001", "1002\tmember\tuser1002\tsuspended", ""], lines[^3..]);
    }

    [TestMethod]
    public async Task An_export_that_fails_leaves_no_half_of_a_file()
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        Execute(folder["forum.db"], "ALTER TABLE tags RENAME TO labels");
        var (code, _, errors) = await ServerProcess.RunAsync(["export", folder["forum.ndjson"], "--database", folder["forum.db"]]);
        Assert.AreEqual(1, code, errors);
        StringAssert.Contains(errors, "cannot export");
        Assert.IsEmpty(Directory.GetFiles(folder.Path, "forum.ndjson*"));
    }

    [TestMethod]
    public async Task A_backup_is_made_beside_a_server_and_restored_without_one()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await ServerProcess.StartAsync(folder["forum.db"]))
        {
            using var client = new TestClient(server.Url);
            (await client.PostAsync("/api/register", new { username = "ada", password = "secret" })).Is(200, "success");
            Assert.AreEqual(0, (await Run("backup", folder["backup.db"])).Code);
            (await client.PostAsync("/api/register", new { username = "bob", password = "secret" })).Is(200, "success");
            var (code, _, errors) = await Run("restore", folder["backup.db"]);
            Assert.AreEqual((1, $"tinyforum: {folder["forum.db"]} is in use: stop the server first\n"), (code, errors));
            (await client.GetAsync("/api/user/bob")).Is(200, "success");
            server.Signal("TERM");
            await server.EndAsync();
        }
        if (!OperatingSystem.IsWindows())
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["backup.db"]));
        var restored = await Run("restore", folder["backup.db"]);
        Assert.AreEqual(0, restored.Code, restored.Errors);
        CollectionAssert.AreEqual((string[])["deleted", "system", "ada"], Names(folder["forum.db"]));
        var kept = Directory.GetFiles(folder.Path, "forum.db.before-restore-*").Single();
        StringAssert.Contains(restored.Output, kept);
        CollectionAssert.AreEqual((string[])["deleted", "system", "ada", "bob"], Names(kept));

        Task<(int Code, string Output, string Errors)> Run(params string[] arguments) =>
            ServerProcess.RunAsync([.. arguments, "--database", folder["forum.db"]]);
    }

    [TestMethod]
    public async Task Check_with_vacuum_leaves_nothing_in_the_file_of_what_an_erased_user_had_deleted()
    {
        using var folder = new TemporaryFolder();
        await using (var forum = await TestForum.StartAsync(o => o with { Database = folder["forum.db"] }))
        {
            var ada = await forum.UserAsync("ada");
            (await ada.PostAsync("/api/posts", new { title = "quincunx", body = "zyzzyva" })).Is(201);
            (await ada.PostAsync("/api/posts", new { title = "stays", body = "syzygy" })).Is(201);
            (await ada.DeleteAsync("/api/posts/1")).Is(200);
            (await ada.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        }
        var (code, output, _) = await ServerProcess.RunAsync(["check", "--vacuum", "--database", folder["forum.db"]]);
        Assert.AreEqual(0, code, output);
        var file = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(folder["forum.db"]));
        foreach (var word in (string[])["quincunx", "uincunx", "zyzzyva", "yzzyva"]) // FTS5 leaves out what a term shares with the one before
            Assert.DoesNotContain(word, file);
        Assert.Contains("syzygy", file);
    }

    [TestMethod]
    public async Task Check_tells_a_sound_database_from_another()
    {
        using var folder = new TemporaryFolder();
        ForumDatabase.Open(folder["forum.db"]).Dispose();
        var (code, output, _) = await ServerProcess.RunAsync(["check", "--vacuum", "--database", folder["forum.db"]]);
        Assert.AreEqual(0, code, output);
        StringAssert.EndsWith(output, $"{folder["forum.db"]} is sound\n");
        Execute(folder["forum.db"], "INSERT INTO tags (name, threads) VALUES ('tea', 3)");
        (code, output, _) = await ServerProcess.RunAsync(["check", "--database", folder["forum.db"]]);
        Assert.AreEqual(1, code, output);
        StringAssert.Contains(output, "FAULT threads of tags: tag tea says it has 3 threads and has 0\n");
    }

    [TestMethod]
    [DataRow("forum.ndjson")]
    [DataRow("forum.ndjson.gz")]
    public async Task An_export_is_imported_elsewhere(string file)
    {
        using var folder = new TemporaryFolder();
        using (var database = ForumDatabase.Open(folder["forum.db"]))
            await database.WriteAsync(c => c.Execute("INSERT INTO users (username, username_key, created_at) VALUES ('ada', 'ada', 0)"));
        var (code, output, errors) = await ServerProcess.RunAsync(["export", folder[file], "--database", folder["forum.db"]]);
        Assert.AreEqual(0, code, errors);
        Assert.AreEqual($"6 rows of {folder["forum.db"]} are exported to {folder[file]}\n", output);
        (code, output, errors) = await ServerProcess.RunAsync(["import", folder[file], "--database", folder["other.db"]]);
        Assert.AreEqual(0, code, errors);
        StringAssert.StartsWith(output, "6 rows are imported");
        CollectionAssert.AreEqual((string[])["deleted", "system", "ada"], Names(folder["other.db"]));
        (code, _, errors) = await ServerProcess.RunAsync(["import", folder[file], "--database", folder["other.db"]]);
        Assert.AreEqual((1, "tinyforum: this forum is not empty: import into a new database\n"), (code, errors));
    }

    [TestMethod]
    [DataRow("TINYFORUM_DATABSE", "did you mean TINYFORUM_DATABASE?")]
    [DataRow("TINYFORUM_TRUST_PROXIES", "did you mean TINYFORUM_TRUST_PROXY?")]
    [DataRow("TINYFORUM_LIMIT-WRITES", "did you mean TINYFORUM_LIMIT_WRITES?")]
    [DataRow("TINY_FORUM_LISTEN", "did you mean TINYFORUM_LISTEN?")]
    [DataRow("tinyforum_title", "did you mean TINYFORUM_TITLE?")]
    [DataRow("TINYFORUM_XYZZY", "serve --help has the names of the variables")]
    public void A_variable_that_sets_nothing_is_told_with_the_name_that_was_likely_meant(string name, string hint) =>
        CollectionAssert.AreEqual((string[])[$"{name} sets nothing: {hint}"], UnknownVariables.In(new Dictionary<string, string> { [name] = "x" }).ToArray());

    [TestMethod]
    public void A_variable_that_something_reads_is_not_told_of_nor_is_one_without_a_value()
    {
        var read = Directory.GetFiles(Repository.Root, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".md", StringComparison.Ordinal) || file.EndsWith("run.sh"))
            .Where(file => !file.Contains("/bin/") && !file.Contains("/obj/") && Path.GetFileNameWithoutExtension(file) != nameof(CommandLineTests))
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), "TINYFORUM_[A-Z_]*[A-Z]").Select(m => m.Value)).ToHashSet();
        Assert.IsGreaterThan(35, read.Count);
        var others = new Dictionary<string, string> { ["TINYFORUM_DATABSE"] = "", ["TINYFORUM"] = "x", ["HOME"] = "/root", ["MY_TINYFORUM_LOG"] = "x" };
        Assert.IsEmpty(UnknownVariables.In(read.ToDictionary(name => name, _ => "x").Concat(others).ToDictionary()));
    }

    [TestMethod]
    [DataRow("check")]
    [DataRow("user list")]
    [DataRow("health --listen http://127.0.0.1:1")]
    [DataRow("serve")]
    public async Task Every_command_warns_of_a_variable_that_sets_nothing(string line)
    {
        using var folder = new TemporaryFolder();
        var (_, _, errors) = await ServerProcess.RunAsync([.. line.Split(' '), "--database", folder["none/x.db"]], null, ("TINYFORUM_KEEPEVENTS", "1d"));
        StringAssert.StartsWith(errors, "tinyforum: TINYFORUM_KEEPEVENTS sets nothing: did you mean TINYFORUM_KEEP_EVENTS?\ntinyforum: ");
    }

    [TestMethod]
    [DataRow("http://*:0", "localhost", " on every address of this machine")]
    [DataRow("http://0.0.0.0:0", "localhost", " on every address of this machine")]
    [DataRow("http://127.0.0.2:0", "127.0.0.2", "")]
    [OSCondition(OperatingSystems.Linux)] // elsewhere 127.0.0.1 is all there is of loopback
    public async Task The_address_it_tells_at_its_start_can_be_opened(string listen, string host, string where)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["forum.db"], "--listen", listen, "--listen", listen, "--base-path", "/club",
            "--public-url", "https://forum.example", "--host", "forum.example");
        var said = Regex.Matches(server.Greeting, @"http://[a-z0-9.]+:\d+/club/").Select(m => m.Value).ToList();
        Assert.HasCount(3, said);
        StringAssert.EndsWith(server.Greeting, $" listens on {said[0]} and {said[1]}{where} and {said[2]}{where}, "
            + $"and is known as https://forum.example/club/ (database {folder["forum.db"]})");
        using var client = new HttpClient();
        foreach (var url in said.Skip(1).Select(s => new Uri(s)))
        {
            Assert.AreEqual(host, url.Host);
            Assert.AreEqual(System.Net.HttpStatusCode.OK, (await client.GetAsync(url)).StatusCode);
        }
    }

    [TestMethod]
    public async Task A_public_address_that_is_refused_is_warned_of()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(
            folder["forum.db"], "--public-url", "https://forum.example", "--host", "form.example", "--host", "club.example");
        await server.SaysAsync("requests for forum.example, the host of the public address, are refused: only form.example, club.example may be asked for");
    }

    private static ForumOptions Parse(string line) => Settings.Options(CommandLineProgram.Root().Parse(line));

    /// <summary>Returns once the server answers.</summary>
    private static async Task ReadyAsync(TestClient client)
    {
        for (var deadline = DateTime.UtcNow.AddMinutes(1); ;)
        {
            try
            {
                (await client.GetAsync("/healthz")).Is(200);
                return;
            }
            catch (HttpRequestException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>One thread with many replies, enough to take some seconds of work.</summary>
    private static void Fill(Connection connection, int posts) => connection.Script($"""
        INSERT INTO users (id, username, username_key, created_at) VALUES (2, 'ada', 'ada', 0);
        INSERT INTO threads (id, title, author_id, tags, replies, last_number, last_post) VALUES (1, 't', 2, '[]', {posts - 1}, {posts - 1}, {posts});
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {posts})
        INSERT INTO posts (id, thread_id, number, author_id, body, created_at)
        SELECT i, 1, i - 1, 2, 'word' || i % 997 || ' lorem ipsum ' || i % 7, 0 FROM n;
        """);

    /// <summary>Every file with its length, but for what SQLite keeps beside a database that was only read.</summary>
    private static string Contents(TemporaryFolder folder) => string.Join('\n', Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories)
        .Where(f => !f.EndsWith(".db-shm", StringComparison.Ordinal) && f != folder["forum.db-wal"])
        .Order().Select(f => $"{f} {(File.Exists(f) ? new FileInfo(f).Length : 0)}"));

    private static string[] Names(string path)
    {
        using var connection = new Connection(path, readOnly: true, TimeSpan.FromSeconds(1));
        return [.. connection.All("SELECT username FROM users ORDER BY id", r => r.GetString(0))];
    }

    private static void Execute(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = new SqliteCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}

namespace TinyForum.Tests;

/// <summary>run.sh builds what has changed and nothing else. A stand-in for dotnet tells what it was asked.</summary>
[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class RunScriptTests : IDisposable
{
    /// <summary>Makes what a build makes; fails if there is a file <c>broken</c>, or if another one builds meanwhile.</summary>
    private const string Dotnet = """
        #!/bin/sh
        [ "$1" = build ] || exit 0
        echo "$@" >>"$CALLS"
        mkdir "$CALLS.busy" || exit 1
        mkdir -p "$2/bin/Release/net10.0" "$2/obj"
        [ ! -e "$2/broken" ] && echo made >"$2/bin/Release/net10.0/$(basename "$2").dll" && echo made >"$2/bin/Release/net10.0/other.dll"
        made=$?
        rmdir "$CALLS.busy"
        exit $made
        """;

    private readonly TemporaryFolder _folder = new();

    public RunScriptTests()
    {
        Directory.CreateDirectory(_folder["bin"]);
        Write("bin/dotnet", Dotnet);
        foreach (var file in (string[])["TinyForum/Web/a.cs", "TinyForum/b.cs", "TinyForum.Tests/c.cs", "schema.sql", "Directory.Build.props", "global.json"])
            Write($"the tree/{file}", file);
        File.Copy(Path.Combine(Repository.Root, "run.sh"), _folder["the tree/run.sh"]);
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task What_has_not_changed_is_not_built_again()
    {
        Assert.AreEqual(1, await BuildsAsync());
        Assert.AreEqual(0, await BuildsAsync());
        Write("the tree/forum.db", "a database");
        Write("the tree/TinyForum/forum.db-wal", "a database");
        Write("the tree/README.md", "words");
        Write("the tree/TinyForum.Tests/c.cs", "of another project");
        Assert.AreEqual(0, await BuildsAsync());
        Assert.AreEqual(0, await BuildsAsync(from: "/"));
        Assert.AreEqual(1, await BuildsAsync("test"));
        Assert.AreEqual(0, await BuildsAsync("test"));
        Write("the tree/TinyForum/b.cs", "of the project that it tests");
        Assert.AreEqual(1, await BuildsAsync("test"));
    }

    [TestMethod]
    [DataRow("TinyForum/b.cs")]
    [DataRow("TinyForum/Web/a.cs")]
    [DataRow("TinyForum/Web/style.css")]
    [DataRow("TinyForum/packages.lock.json")]
    [DataRow("schema.sql")]
    [DataRow("Directory.Build.props")]
    [DataRow("Directory.Packages.props")]
    [DataRow("global.json")]
    [DataRow(".editorconfig")]
    public async Task What_was_changed_or_added_is_built(string file)
    {
        Assert.AreEqual(1, await BuildsAsync());
        Write($"the tree/{file}", "changed");
        Assert.AreEqual(1, await BuildsAsync());
        Assert.AreEqual(0, await BuildsAsync());
    }

    [TestMethod]
    public async Task What_was_removed_or_renamed_is_built()
    {
        Assert.AreEqual(1, await BuildsAsync());
        File.Move(_folder["the tree/TinyForum/b.cs"], _folder["the tree/TinyForum/d.cs"]);
        Assert.AreEqual(1, await BuildsAsync());
        File.Delete(_folder["the tree/TinyForum/d.cs"]);
        Assert.AreEqual(1, await BuildsAsync());
        Assert.AreEqual(0, await BuildsAsync());
    }

    [TestMethod]
    public async Task A_file_that_an_older_one_replaced_is_built_anew()
    {
        Assert.AreEqual(1, await BuildsAsync());
        Write("the tree/TinyForum/b.cs", "as it was");
        File.SetLastWriteTimeUtc(_folder["the tree/TinyForum/b.cs"], DateTime.UtcNow.AddDays(-1));
        Assert.AreEqual(1, await BuildsAsync());
        StringAssert.EndsWith(await File.ReadAllTextAsync(_folder["calls"]), " --no-incremental\n");
    }

    [TestMethod]
    [DataRow("TinyForum.dll")]
    [DataRow("other.dll")]
    public async Task What_is_gone_is_built_and_so_is_what_another_build_made(string file)
    {
        Assert.AreEqual(1, await BuildsAsync());
        File.Delete(_folder[$"the tree/TinyForum/bin/Release/net10.0/{file}"]);
        Assert.AreEqual(1, await BuildsAsync());
        File.SetLastWriteTimeUtc(_folder[$"the tree/TinyForum/bin/Release/net10.0/{file}"], DateTime.UtcNow.AddMinutes(1));
        Assert.AreEqual(1, await BuildsAsync());
        Directory.Delete(_folder["the tree/TinyForum/bin"], recursive: true);
        Assert.AreEqual(1, await BuildsAsync());
        Directory.Delete(_folder["the tree/TinyForum/obj"], recursive: true);
        Assert.AreEqual(1, await BuildsAsync());
    }

    [TestMethod]
    public async Task A_build_that_fails_is_tried_again()
    {
        Write("the tree/TinyForum/broken", "");
        Assert.AreEqual((1, 1), await RunAsync());
        Assert.AreEqual((1, 1), await RunAsync());
        File.Delete(_folder["the tree/TinyForum/broken"]);
        Assert.AreEqual((0, 1), await RunAsync());
        Assert.AreEqual((0, 0), await RunAsync());
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task Several_at_once_build_once()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RunAsync()));
        Assert.IsTrue(Array.TrueForAll(runs, run => run.Code == 0));
        Assert.HasCount(1, await File.ReadAllLinesAsync(_folder["calls"]));
    }

    private async Task<int> BuildsAsync(string command = "--version", string? from = null)
    {
        var (code, builds) = await RunAsync(command, from);
        Assert.AreEqual(0, code);
        return builds;
    }

    /// <returns>The exit code, and how many builds there have been meanwhile.</returns>
    private async Task<(int Code, int Builds)> RunAsync(string command = "--version", string? from = null)
    {
        var before = Calls();
        var (code, _) = (await Tool.RunAsync("sh", ["-c", "chmod +x \"$2/dotnet\" && cd \"$1\" && PATH=$2:$PATH CALLS=$3 exec sh \"$4\" \"$5\"", "sh",
            from ?? _folder.Path, _folder["bin"], _folder["calls"], _folder["the tree/run.sh"], command]))!.Value;
        return (code, Calls() - before);
    }

    private int Calls() => File.Exists(_folder["calls"]) ? File.ReadAllLines(_folder["calls"]).Length : 0;

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        File.WriteAllText(_folder[file], text);
    }
}

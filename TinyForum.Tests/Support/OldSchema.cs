using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests.Support;

/// <summary>Databases as earlier versions made them.</summary>
internal static class OldSchema
{
    /// <summary>Makes a database of schema 2, or of schema 1, whose tables are the same.</summary>
    public static Connection Create(string path, int version)
    {
        var connection = new Connection(path, readOnly: false, TimeSpan.FromSeconds(1));
        connection.Script($"""
            {Repository.Read("TinyForum.Tests/Schemas/schema-2.sql")}
            PRAGMA application_id = {ForumDatabase.Schema.ApplicationId};
            PRAGMA user_version = {version};
            """);
        return connection;
    }
}

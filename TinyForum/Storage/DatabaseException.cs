namespace TinyForum.Storage;

/// <summary>A database, or a copy of one, can't be used: the message is one line for the operator.</summary>
internal sealed class DatabaseException(string message, Exception? innerException = null) : Exception(message, innerException);

"""Pictures of the network for papers, slides and chats: what is shown, how it looks, and the files it becomes."""
